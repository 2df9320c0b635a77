## Validation errors. Server and script show the same sentence at the field and in the summary.
## `passwordMismatch` is shown at the field only.

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
    .passwordMismatch = Die Passwörter stimmen nicht überein
    .passwordTooShort = Ihr Passwort muss mindestens { $min ->
        [one] { $min } Zeichen
       *[other] { $min } Zeichen
    } haben
    .passwordTooLong = Ihr Passwort darf höchstens 256 Zeichen haben
    .passwordReused = Wählen Sie ein Passwort, das sich von Ihrem aktuellen unterscheidet
    .passwordCommon = Dieses Passwort ist zu häufig und leicht zu erraten. Wählen Sie ein anderes.
    .passwordPersonal = Wählen Sie ein Passwort, das nicht auf Ihrer E-Mail-Adresse, Ihrem Benutzernamen oder „{ $product }“ beruht
    .currentPasswordRequired = Geben Sie Ihr aktuelles Passwort ein
    .incorrectPassword = Ihr aktuelles Passwort ist falsch
    .invalidCredentials = Die E-Mail-Adresse oder das Passwort ist falsch
    .accountInactive = Dieses Konto ist deaktiviert. Wenden Sie sich an einen Administrator.
    .hostRequired = Geben Sie den SMTP-Host ein, zum Beispiel smtp.example.com
    .hostFormat = Geben Sie nur den Namen oder die Adresse des SMTP-Hosts ein, zum Beispiel smtp.example.com
    .portRange = Der Port muss eine Zahl von 1 bis 65535 sein
    .securityUnknown = Wählen Sie STARTTLS, TLS oder keine
    .fromRequired = Geben Sie die Absenderadresse ein
    .fromFormat = Geben Sie die Absenderadresse im richtigen Format ein, zum Beispiel name@example.com
    .fromAscii = Geben Sie eine Absenderadresse nur mit ASCII-Zeichen ein: Manche Server unterstützen keine anderen Zeichen
    .fromNameFormat = Der Absendername muss aus einer Zeile mit höchstens 64 Zeichen bestehen
    .smtpCredentials = Geben Sie Benutzername und Passwort ein oder keines von beiden
    .smtpPasswordLost = Das gespeicherte Passwort lässt sich nicht mehr lesen. Geben Sie es erneut ein.
    .smtpPasswordRequired = Geben Sie das Passwort erneut ein, weil sich Host, Port, Sicherheit oder Benutzername geändert hat
    .smtpUnencrypted = Wählen Sie STARTTLS oder TLS: Ein Passwort wird nicht unverschlüsselt an einen anderen Rechner gesendet
    .testToRequired = Geben Sie die E-Mail-Adresse für den Test ein
    .ownPasswordRequired = Geben Sie Ihr Kontopasswort ein
    .ownPasswordWrong = Ihr Kontopasswort ist falsch
