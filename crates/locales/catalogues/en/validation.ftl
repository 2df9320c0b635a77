## Validation errors. Server and script show the same sentence at the field and in the summary.
## `passwordMismatch` is shown at the field only.

validation =
    .emailRequired = Enter your e-mail address
    .emailFormat = Enter an e-mail address in the correct format, like name@example.com
    .emailTooLong = Your e-mail address must be 254 characters or fewer
    .emailTaken = An account with this e-mail address exists. Sign in or reset your password.
    .usernameLength = Your username must be 3 to 32 characters
    .usernameCharacters = Your username may only contain the letters A to Z, digits, dots, hyphens and underscores
    .usernameTaken = This username is taken. Choose another one.
    .passwordRequired = Enter your password
    .newPasswordRequired = Enter a new password
    .confirmRequired = Enter your new password again
    .passwordMismatch = Passwords do not match
    .passwordTooShort = Your password must be { $min ->
        [one] { $min } character
       *[other] { $min } characters
    } or more
    .passwordTooLong = Your password must be 256 characters or fewer
    .passwordReused = Choose a password that is different from your current one
    .passwordCommon = This password is too common and easy to guess. Choose another one.
    .passwordPersonal = Choose a password that is not based on your e-mail address, your username or “{ $product }”
    .currentPasswordRequired = Enter your current password
    .incorrectPassword = Your current password is incorrect
    .invalidCredentials = The e-mail address or password is incorrect
    .accountInactive = This account is deactivated. Contact an administrator.
    .hostRequired = Enter the SMTP host, like smtp.example.com
    .hostFormat = Enter only the name or address of the SMTP host, like smtp.example.com
    .portRange = Port must be a number from 1 to 65535
    .securityUnknown = Choose STARTTLS, TLS or none
    .fromRequired = Enter the from e-mail address
    .fromFormat = Enter the from e-mail address in the correct format, like name@example.com
    .fromAscii = Enter a from e-mail address with ASCII characters only: some servers do not support other characters
    .fromNameFormat = The from name must be one line of 64 characters or fewer
    .smtpCredentials = Enter both a username and a password, or neither
    .smtpPasswordLost = The saved password can no longer be read. Enter it again.
    .smtpPasswordRequired = Enter the password again, because the host, port, security or username changed
    .smtpUnencrypted = Choose STARTTLS or TLS: a password is not sent unencrypted to another machine
    .testToRequired = Enter the e-mail address for the test
    .ownPasswordRequired = Enter your account password
    .ownPasswordWrong = Your account password is incorrect
