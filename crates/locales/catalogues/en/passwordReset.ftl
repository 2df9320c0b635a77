## Password reset.

passwordReset =
    .title = Reset Password
    .description = Enter the e-mail address of your account. We will send you a link to choose a new password.
    .signedInAs = You are signed in as { $email }.
    .emailLabel = E-mail address
    .sendResetLink = Send Reset Link
    .sending = Sending…
    .backToLogin = Back to Login
    .requestSuccessTitle = Check your e-mail
    .requestSuccess = If an account exists for { $email }, we have sent a link to reset its password. The link works for { $duration }. If it does not arrive within a few minutes, check your spam folder or send it again.
    .newTitle = Reset Password
    .newDescription = Choose a new password for the account { $email }.
    .newPassword = New password
    .newPasswordHint = Use at least { $min ->
        [one] { $min } character
       *[other] { $min } characters
    }. A few random words are easier to remember than symbols.
    .confirmPassword = Confirm new password
    .save = Reset Password
    .saving = Saving…
    .verifying = Checking your reset link
    .successTitle = Password changed
    .successBannerTitle = Your new password is saved
    .success = You can now sign in with your new password. You are signed out on all other devices.
    .redirecting = You will be redirected to the sign-in page in { $seconds ->
        [one] { $seconds } second
       *[other] { $seconds } seconds
    }.
    .signInNow = Sign In Now
    .invalidTokenTitle = Invalid or expired reset token
    .invalidToken = A reset link works once, within { $duration }. Request a new link and use the newest e-mail.
    .requestNewLink = Request a New Link
