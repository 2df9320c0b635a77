## From a forgotten password to a new one.

passwordReset =
    .title = Reset your password
    .description = Enter the e-mail address of your account. We will send you a link to choose a new password.
    .signedInAs = You are signed in as { $email }.
    .emailLabel = E-mail address
    .sendResetLink = Send Reset Link
    .sending = Sending…
    .backToLogin = Back to Login
    .requestSuccessTitle = Check your e-mail
    .requestSuccess = If an account exists for { $email }, we have sent a link to reset its password. The link works for { $duration }. Nothing there after a few minutes? Look in the spam folder or send it again.
    .newTitle = Choose a new password
    .newDescription = For the account { $email }
    .newPassword = New password
    .newPasswordHint = Use at least { $min ->
        [one] { $min } character
       *[other] { $min } characters
    }. A few random words are easier to remember than symbols.
    .confirmPassword = Confirm new password
    .save = Save New Password
    .saving = Saving…
    .verifying = Checking your reset link
    .successTitle = Password changed
    .successBannerTitle = Your new password is saved
    .success = You can now sign in with your new password. You are signed out on all other devices.
    .redirecting = Taking you to the sign-in page in { $seconds ->
        [one] { $seconds } second
       *[other] { $seconds } seconds
    }.
    .signInNow = Sign In Now
    .invalidTokenTitle = This link is invalid or has expired
    .invalidToken = A reset link works once and for { $duration }. Request a new link and use the newest e-mail.
    .requestNewLink = Request a New Link
