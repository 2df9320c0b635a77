## The words of every mail. A subject has at most 50 characters with the product's name in it.
## A mail names the product, but no subject names a person.

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
    .notYouQuestion = You did not create this account?
    .notYou = Someone entered your address. You can ignore this e-mail.

mailReset =
    .subject = Reset your { $product } password
    .preview = The link works once, for { $lifetime }. If you did not ask for it, you can ignore this e-mail.
    .heading = Reset your password
    .lead = Someone asked to reset the password of the { $product } account for { $email }.
    .open = To choose a new password, open this link. It works once, until { $until } ({ $lifetime }):
    .press = To choose a new password, use this link. It works once, until { $until } ({ $lifetime }).
    .button = Choose a new password
    .notYouQuestion = You did not ask for this?
    .notYou = Ignore this e-mail. Your password stays the same.
    .origin = Request from { $place }, { $at }.

mailChanged =
    .subject = Your { $product } password was changed
    .preview = If this was not you, reset your password now.
    .heading = Your password was changed
    .lead = The password of your { $product } account { $email } was changed on { $at } from { $place }. All other devices were signed out.
    .youQuestion = This was you?
    .you = You need to do nothing.
    .notYouQuestion = This was not you?
    .notYou = Reset your password now:
    .notYouPress = Reset your password now.
    .button = Reset your password
    .afterwards = Then check your e-mail account: someone may be able to read it.

mailDisabled =
    .subject = Your { $product } password was disabled
    .preview = Reset your password to sign in again.
    .heading = Your password was disabled
    .lead = Too many wrong passwords in a row were entered for your { $product } account { $email }, the last one on { $at } from { $place }. None of them opened the account. Your password no longer works. Your account stays, and devices that are signed in stay signed in.
    .open = To sign in again, reset your password:
    .press = To sign in again, reset your password.
    .button = Reset your password
    .youQuestion = This was you?
    .you = You need to do nothing else.
    .notYouQuestion = This was not you?
    .notYou = Someone tried to guess your password. Choose a new one that you use nowhere else.

mailSignIn =
    .subject = Sign-in to { $product } after wrong passwords
    .preview = If this was not you, reset your password now.
    .heading = Sign-in after many wrong passwords
    .lead = Someone signed in to your { $product } account { $email } on { $at } from { $place }, after many wrong passwords.
    .youQuestion = This was you?
    .you = You need to do nothing.
    .notYouQuestion = This was not you?
    .notYou = Someone knows your password. Reset it now:
    .notYouPress = Someone knows your password. Reset it now.
    .button = Reset your password
    .afterwards = This signs out all devices. If you use the same password elsewhere, change it there too.

mailReused =
    .subject = One of your { $product } sessions was ended
    .preview = Someone may have copied a sign-in token of yours.
    .heading = One of your sessions was ended
    .lead = An app used a sign-in token of your { $product } account { $email } on { $at } from { $place }. The token had been exchanged for a new one before, so someone may have a copy. We ended the session that it belongs to, and no copy works any more.
    .youQuestion = This was you?
    .you = Sign in again in that app.
    .notYouQuestion = This was not you, or you notice anything else?
    .notYou = Reset your password now:
    .notYouPress = Reset your password now.
    .button = Reset your password
    .afterwards = This signs out all devices.

mailTest =
    .subject = Test e-mail from { $product }
    .preview = Your e-mail settings work.
    .heading = Test e-mail
    .lead = This is a test. Your e-mail settings work.
    .origin = Sent { $at } through { $route }.
    .startTls = { $relay } (STARTTLS)
    .tls = { $relay } (TLS)
    .unencrypted = { $relay } (not encrypted)
    .kept = the kept mails (nothing left this machine)
