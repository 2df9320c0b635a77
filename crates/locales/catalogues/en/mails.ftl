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
