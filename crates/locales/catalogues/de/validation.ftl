## What is wrong with a field. The same sentence stands at the field and in the summary, whether
## the server or the script found it.

validation =
    .emailRequired = Geben Sie Ihre E-Mail-Adresse ein
    .emailFormat = Geben Sie eine E-Mail-Adresse im richtigen Format ein, zum Beispiel name@example.com
    .emailTooLong = Ihre E-Mail-Adresse darf höchstens 254 Zeichen haben
    .emailTaken = Mit dieser E-Mail-Adresse gibt es schon ein Konto. Melden Sie sich an oder setzen Sie Ihr Passwort zurück.
    .usernameLength = Ihr Benutzername muss 3 bis 32 Zeichen haben
    .usernameCharacters = Ihr Benutzername darf nur die Buchstaben A bis Z, Ziffern, Punkte, Binde- und Unterstriche enthalten
    .usernameTaken = Dieser Benutzername ist vergeben. Wählen Sie einen anderen.
    .passwordRequired = Geben Sie Ihr Passwort ein
    .newPasswordRequired = Geben Sie ein neues Passwort ein
    .confirmRequired = Geben Sie Ihr neues Passwort noch einmal ein
    .passwordMismatch = Die beiden Passwörter stimmen nicht überein. Geben Sie in beiden Feldern dasselbe Passwort ein.
    .passwordTooShort = Ihr Passwort muss mindestens { $min ->
        [one] { $min } Zeichen
       *[other] { $min } Zeichen
    } haben
    .passwordTooLong = Ihr Passwort darf höchstens 256 Zeichen haben
    .passwordReused = Wählen Sie ein Passwort, das Sie jetzt nicht verwenden
    .passwordCommon = Dieses Passwort ist leicht zu erraten, weil viele es verwenden. Wählen Sie ein anderes.
    .passwordPersonal = Wählen Sie ein Passwort, das nicht aus Ihrer E-Mail-Adresse, Ihrem Benutzernamen oder „{ $product }“ besteht
    .currentPasswordRequired = Geben Sie Ihr aktuelles Passwort ein
    .incorrectPassword = Ihr aktuelles Passwort ist falsch
    .invalidCredentials = Die E-Mail-Adresse oder das Passwort ist falsch
    .accountInactive = Dieses Konto ist deaktiviert. Wenden Sie sich an Ihre Administration.
    .hostRequired = Geben Sie den SMTP-Host ein, zum Beispiel smtp.example.com
    .hostFormat = Geben Sie nur den Namen oder die Adresse des SMTP-Hosts ein, zum Beispiel smtp.example.com
    .portRange = Der Port muss eine Zahl von 1 bis 65535 sein
    .securityUnknown = Wählen Sie die Verschlüsselung
    .fromRequired = Geben Sie die Absenderadresse ein
    .fromFormat = Geben Sie die Absenderadresse im richtigen Format ein, zum Beispiel name@example.com
    .fromAscii = Geben Sie eine Absenderadresse ohne Umlaute und nur mit den Buchstaben A bis Z ein: Manche Server können andere nicht befördern
    .fromNameFormat = Der Absendername muss aus einer Zeile mit höchstens 64 Zeichen bestehen
    .relayCredentials = Geben Sie Benutzername und Passwort ein oder keines von beiden
    .relayPasswordLost = Das gespeicherte Passwort lässt sich nicht mehr lesen. Geben Sie es erneut ein.
    .relayPasswordRequired = Geben Sie das Passwort erneut ein, weil Sie geändert haben, wohin es gesendet wird
    .relayUnencrypted = Wählen Sie STARTTLS oder TLS: Ein Passwort wird nicht unverschlüsselt an einen anderen Rechner gesendet
    .testToRequired = Geben Sie die Adresse für den Test ein
    .ownPasswordRequired = Geben Sie Ihr eigenes Passwort ein
    .ownPasswordWrong = Ihr eigenes Passwort ist falsch
