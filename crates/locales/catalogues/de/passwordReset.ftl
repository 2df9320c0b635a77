## Password reset.

passwordReset =
    .title = Passwort zurücksetzen
    .description = Geben Sie die E-Mail-Adresse Ihres Kontos ein. Wir senden Ihnen einen Link, mit dem Sie ein neues Passwort festlegen.
    .signedInAs = Sie sind angemeldet als { $email }.
    .emailLabel = E-Mail-Adresse
    .sendResetLink = Link zum Zurücksetzen senden
    .sending = Wird gesendet…
    .backToLogin = Zurück zur Anmeldung
    .requestSuccessTitle = Prüfen Sie Ihr Postfach
    .requestSuccess = Wenn es ein Konto für { $email } gibt, haben wir einen Link zum Zurücksetzen gesendet. Der Link gilt { $duration }. Wenn er nach einigen Minuten nicht ankommt, prüfen Sie den Spam-Ordner oder senden Sie ihn erneut.
    .newTitle = Passwort zurücksetzen
    .newDescription = Legen Sie ein neues Passwort für das Konto { $email } fest.
    .newPassword = Neues Passwort
    .newPasswordHint = Mindestens { $min ->
        [one] { $min } Zeichen
       *[other] { $min } Zeichen
    }. Einige zufällige Wörter sind leichter zu merken als Sonderzeichen.
    .confirmPassword = Neues Passwort bestätigen
    .save = Passwort zurücksetzen
    .saving = Wird gespeichert…
    .verifying = Ihr Link wird geprüft
    .successTitle = Passwort geändert
    .successBannerTitle = Ihr neues Passwort ist gespeichert
    .success = Sie können sich jetzt mit dem neuen Passwort anmelden. Auf allen anderen Geräten wurden Sie abgemeldet.
    .redirecting = Sie werden in { $seconds ->
        [one] { $seconds } Sekunde
       *[other] { $seconds } Sekunden
    } zur Anmeldung weitergeleitet.
    .signInNow = Jetzt anmelden
    .invalidTokenTitle = Ungültiges oder abgelaufenes Token zum Zurücksetzen
    .invalidToken = Ein Link zum Zurücksetzen gilt einmal und { $duration }. Fordern Sie einen neuen Link an und verwenden Sie die neueste E-Mail.
    .requestNewLink = Neuen Link anfordern
