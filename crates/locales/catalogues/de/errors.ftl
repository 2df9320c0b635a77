## Pages for what did not work at all.

errors =
    .home = Zur Startseite
    .reference = Referenz:
    .badRequestTitle = Das haben wir nicht verstanden
    .badRequest = An der Anfrage stimmt etwas nicht. Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal.
    .forbiddenTitle = Diese Seite dürfen Sie nicht sehen
    .forbidden = Sie ist der Administration vorbehalten. Melden Sie sich mit einem anderen Konto an oder wenden Sie sich an sie.
    .formExpiredTitle = Senden Sie es noch einmal
    .formExpired = Diese Seite war zu lange geöffnet oder kam von einer anderen Website. Gehen Sie zurück, laden Sie sie neu, prüfen Sie Ihre Eingaben und senden Sie sie noch einmal.
    .notFoundTitle = Seite nicht gefunden
    .notFound = Unter dieser Adresse gibt es nichts. Prüfen Sie sie auf Tippfehler.
    .methodNotAllowedTitle = So geht das nicht
    .methodNotAllowed = Die Seite gibt es, aber nicht für das, was von ihr verlangt wurde. Beginnen Sie auf der Startseite.
    .timeoutTitle = Das hat zu lange gedauert
    .timeout = Ihre Anfrage ist nicht rechtzeitig angekommen. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.
    .tooLargeTitle = Das war zu viel
    .tooLarge = Was Sie gesendet haben, ist größer als erlaubt. Kürzen Sie es und versuchen Sie es erneut.
    .tooManyTitle = Zu viele Versuche
    .tooMany = Warten Sie eine Minute und versuchen Sie es erneut.
    .internalTitle = Ein Fehler ist aufgetreten
    .internal = Er liegt bei uns. Versuchen Sie es in einigen Minuten erneut.
    .unavailableTitle = Gerade nicht erreichbar
    .unavailable = Wir sind überlastet oder starten gerade neu. Versuchen Sie es in einer Minute erneut.
