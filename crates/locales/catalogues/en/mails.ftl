## Texts of all mails. A subject has at most 50 characters, including the product name.
## A mail contains the product name; no subject contains personal data.

mailParts =
    .fallback = If the button does not work, copy this address into your browser:
    .neverAsk = We never ask for your password by e-mail.
    .place = { $device }, { $ip }

mailWelcome =
    .subject = Welcome to { $product }
    .preview = Your account is ready.
    .heading = Welcome to { $product }
    .lead = Your { $product } account for { $email } is ready.
    .open = Sign in:
    .button = Sign in
    .notYouQuestion = Did you not create this account?
    .notYou = Your address may have been entered by mistake. You can ignore this e-mail.

mailReset =
    .subject = Reset your { $product } password
    .preview = The link works once, for { $lifetime }. If you did not request it, you can ignore this e-mail.
    .heading = Reset your password
    .lead = We received a request to reset the password of the { $product } account for { $email }.
    .open = To choose a new password, open this link. It works once, until { $until } ({ $lifetime }):
    .press = To choose a new password, use this link. It works once, until { $until } ({ $lifetime }).
    .button = Choose a new password
    .notYouQuestion = Did you not request this?
    .notYou = Ignore this e-mail. Your password does not change.
    .origin = Requested from { $place }, { $at }.

mailChanged =
    .subject = Your { $product } password was changed
    .preview = If this was not you, reset your password now.
    .heading = Your password was changed
    .lead = The password of your { $product } account { $email } was changed on { $at } from { $place }. All other devices were signed out.
    .youQuestion = Was this you?
    .you = You do not need to do anything.
    .notYouQuestion = Was this not you?
    .notYou = Reset your password now:
    .notYouPress = Reset your password now.
    .button = Reset your password
    .afterwards = Then check your e-mail account: another person may be able to read your e-mails.

mailDisabled =
    .subject = Your { $product } password was disabled
    .preview = Reset your password to sign in again.
    .heading = Your password was disabled
    .lead = Too many wrong passwords in a row were entered for your { $product } account { $email }, the last one on { $at } from { $place }. None of the sign-ins succeeded. Your password no longer works. Your account still exists, and devices that are signed in stay signed in.
    .open = To sign in again, reset your password:
    .press = To sign in again, reset your password.
    .button = Reset your password
    .youQuestion = Was this you?
    .you = You do not need to do anything else.
    .notYouQuestion = Was this not you?
    .notYou = Another person may have tried to guess your password. Choose a new one that you do not use anywhere else.

mailSignIn =
    .subject = Sign-in to { $product } after wrong passwords
    .preview = If this was not you, reset your password now.
    .heading = Sign-in after many wrong passwords
    .lead = There was a sign-in to your { $product } account { $email } on { $at } from { $place }, after many wrong passwords.
    .youQuestion = Was this you?
    .you = You do not need to do anything.
    .notYouQuestion = Was this not you?
    .notYou = Another person knows your password. Reset it now:
    .notYouPress = Another person knows your password. Reset it now.
    .button = Reset your password
    .afterwards = This signs out all devices. If you use the same password elsewhere, change it there too.

mailReused =
    .subject = One of your { $product } sessions was ended
    .preview = A sign-in token of your account may have been copied.
    .heading = One of your sessions was ended
    .lead = An app used a sign-in token of your { $product } account { $email } on { $at } from { $place }. The token had already been exchanged for a new one, so it may have been copied. We ended its session, and copies of the token no longer work.
    .youQuestion = Was this you?
    .you = Sign in again in that app.
    .notYouQuestion = Was this not you, or do you notice anything unusual?
    .notYou = Reset your password now:
    .notYouPress = Reset your password now.
    .button = Reset your password
    .afterwards = This signs out all devices.

mailTest =
    .subject = Test e-mail from { $product }
    .preview = Your SMTP settings work.
    .heading = Test e-mail
    .lead = This is a test. Your SMTP settings work.
    .origin = Sent { $at } through { $route }.
    .startTls = { $server } (STARTTLS)
    .tls = { $server } (TLS)
    .unencrypted = { $server } (not encrypted)
    .kept = the dev mailbox (not sent)
