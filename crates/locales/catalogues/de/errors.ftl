## Error pages.

errors =
    .home = Zur Startseite
    .reference = Referenz:
    .badRequestTitle = Ungültige Anfrage
    .badRequest = Die Anfrage ist ungültig. Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es erneut.
    .forbiddenTitle = Zugriff verweigert
    .forbidden = Nur Administratoren können diese Seite öffnen. Melden Sie sich mit einem anderen Konto an oder wenden Sie sich an einen Administrator.
    .formExpiredTitle = Formular abgelaufen
    .formExpired = Das Formular war zu lange geöffnet oder wurde von einer anderen Website gesendet. Gehen Sie zurück, laden Sie die Seite neu, prüfen Sie Ihre Eingaben und senden Sie es erneut.
    .notFoundTitle = Seite nicht gefunden
    .notFound = Unter dieser Adresse gibt es keine Seite. Prüfen Sie die Adresse auf Tippfehler.
    .methodNotAllowedTitle = Methode nicht erlaubt
    .methodNotAllowed = Diese Seite nimmt diese Art von Anfrage nicht an. Gehen Sie zur Startseite und versuchen Sie es erneut.
    .timeoutTitle = Zeitüberschreitung
    .timeout = Ihre Anfrage ist nicht rechtzeitig angekommen. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.
    .tooLargeTitle = Anfrage zu groß
    .tooLarge = Die gesendeten Daten sind größer als erlaubt. Kürzen Sie sie und versuchen Sie es erneut.
    .tooManyTitle = Zu viele Versuche
    .tooMany = Warten Sie eine Minute und versuchen Sie es erneut.
    .internalTitle = Ein Fehler ist aufgetreten
    .internal = Der Fehler liegt bei uns. Versuchen Sie es in einigen Minuten erneut.
    .unavailableTitle = Dienst nicht verfügbar
    .unavailable = Der Dienst ist überlastet oder startet neu. Versuchen Sie es in einer Minute erneut.
