## What is wrong with a field. The same sentence stands at the field and in the summary, whether
## the server or the script found it.

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
    .passwordMismatch = The two passwords do not match. Enter the same password in both fields.
    .passwordTooShort = Your password must be { $min ->
        [one] { $min } character
       *[other] { $min } characters
    } or more
    .passwordTooLong = Your password must be 256 characters or fewer
    .passwordReused = Choose a password that you do not use now
    .passwordCommon = This password is easy to guess because many people use it. Choose another one.
    .passwordPersonal = Choose a password that is not made of your e-mail address, your username or “{ $product }”
    .currentPasswordRequired = Enter your current password
    .incorrectPassword = Your current password is incorrect
    .invalidCredentials = The e-mail address or password is incorrect
    .accountInactive = This account is deactivated. Ask an administrator.
    .hostRequired = Enter the SMTP host, like smtp.example.com
    .hostFormat = Enter only the name or address of the SMTP host, like smtp.example.com
    .portRange = Port must be a number from 1 to 65535
    .securityUnknown = Choose the connection security
    .fromRequired = Enter the from e-mail address
    .fromFormat = Enter the from e-mail address in the correct format, like name@example.com
    .fromAscii = Enter a from e-mail address without accents or letters other than A to Z: some servers cannot carry it
    .fromNameFormat = The from name must be one line of 64 characters or fewer
    .relayCredentials = Enter both a user name and a password, or neither
    .relayPasswordLost = The saved password can no longer be read. Enter it again.
    .relayPasswordRequired = Enter the password again, because you changed where it is sent
    .relayUnencrypted = Choose STARTTLS or TLS: a password is not sent unprotected to another machine
    .testToRequired = Enter the address for the test
    .ownPasswordRequired = Enter your own password
    .ownPasswordWrong = Your own password is incorrect
