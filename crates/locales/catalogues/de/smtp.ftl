## Fehler des SMTP-Servers und wie sie sich beheben lassen.
## Erscheint auf der Seite der SMTP-Einstellungen und auf der Kommandozeile.

# Die Felder der Seite mit den SMTP-Einstellungen.
-host = „{ admin.host }“
-port = „{ admin.port }“
-security = „{ admin.security }“
-user = „{ admin.username }“
-password = „{ admin.password }“
-from = „{ admin.fromEmail }“

smtp =
    .credentialsRefused = { $server } hat den Benutzernamen oder das Passwort abgelehnt ({ $reply }). Prüfen Sie { -user } und { -password }: Viele Anbieter verlangen hier ein App-Passwort.
    .signInFirst = { $server } verlangt eine Anmeldung ({ $reply }). Füllen Sie { -user } und { -password } aus.
    .notReady = { $server } kann diese E-Mail jetzt nicht annehmen ({ $stage }: { $reply }). Eingereihte E-Mails werden automatisch erneut gesendet. Wenn das Problem bleibt, prüfen Sie das Protokoll des SMTP-Servers.
    .senderRefused = { $server } hat den Absender abgelehnt ({ $reply }). Prüfen Sie, ob dieses Konto unter der { -from } senden darf.
    .recipientRefused = { $server } hat den Empfänger abgelehnt ({ $reply }). Prüfen Sie die Adresse, und ob der SMTP-Server an andere Domains senden darf.
    .refused = { $server } hat die E-Mail abgelehnt ({ $stage }: { $reply }). Wenden Sie sich an den Administrator des SMTP-Servers.

    .nothingListens = { $server } hat die Verbindung abgelehnt. Prüfen Sie { -host } und { -port }, und ob der SMTP-Server läuft.
    .unknownHost = Der Hostname von { $server } wurde nicht gefunden ({ $reason }). Prüfen Sie { -host } und die DNS-Einstellungen dieses Rechners.
    .unreachable = { $server } ist nicht erreichbar ({ $reason }). Prüfen Sie { -host } und { -port }, das Netzwerk und Firewalls.
    .broken = Die Verbindung zu { $server } ist abgebrochen ({ $stage }: { $reason }). Versuchen Sie es erneut. Wenn das Problem bleibt, prüfen Sie das Protokoll des SMTP-Servers.

    .hostTimeout = Zeitüberschreitung beim Suchen des Hostnamens von { $server }. Prüfen Sie die DNS-Einstellungen dieses Rechners.
    .connectTimeout = Zeitüberschreitung beim Verbinden mit { $server }. Prüfen Sie { -host } und { -port }. Viele Netze sperren Port 25: Versuchen Sie 587 oder 465.
    .silent = { $server } hat nicht rechtzeitig eine Begrüßung gesendet. Vielleicht erwartet der Server von Anfang an TLS: Prüfen Sie, ob { -security } zu { -port } passt (TLS meist auf 465, STARTTLS auf 587).
    .tlsTimeout = Zeitüberschreitung beim TLS-Handshake mit { $server }. Prüfen Sie, ob { -security } zu { -port } passt (TLS meist auf 465, STARTTLS auf 587).
    .stalled = { $server } antwortet nicht mehr ({ $stage }). Prüfen Sie das Protokoll des SMTP-Servers.

    .expectsStartTls = { $server } verwendet nicht von Anfang an TLS ({ $reason }). Dieser Server erwartet STARTTLS: Wählen Sie STARTTLS unter { -security } (meist Port 587).
    .noStartTls = { $server } unterstützt kein STARTTLS, deshalb wurde nichts gesendet. Wählen Sie TLS unter { -security } und den passenden Port (meist 465), oder aktivieren Sie STARTTLS auf dem SMTP-Server.
    .tlsFailed = Der TLS-Handshake mit { $server } ist fehlgeschlagen ({ $reason }). Prüfen Sie, ob { -security } zu { -port } passt (TLS meist auf 465, STARTTLS auf 587).

    .certificateUnknown = Das Zertifikat von { $server } stammt von einer Zertifizierungsstelle, der dieser Rechner nicht vertraut. Wenn es Ihre eigene ist, tragen Sie ihr Zertifikat unter mail.ca_file ein.
    .certificateName = Das Zertifikat von { $server } ist auf einen anderen Namen ausgestellt. Tragen Sie unter { -host } einen Namen aus dem Zertifikat ein.
    .certificateExpired = Das Zertifikat von { $server } ist abgelaufen. Erneuern Sie es, und prüfen Sie die Uhr dieses Rechners.
    .certificateEarly = Das Zertifikat von { $server } ist noch nicht gültig. Prüfen Sie die Uhr dieses Rechners.
    .certificateRefused = Das Zertifikat von { $server } ist ungültig ({ $reason }). Ersetzen Sie es: Die Prüfung lässt sich nicht abschalten. Das Zertifikat einer eigenen Zertifizierungsstelle gehört in mail.ca_file.

    .noMechanism = { $server } unterstützt zur Anmeldung weder PLAIN noch LOGIN. Prüfen Sie, ob { -port } zum Senden gedacht ist (oft 587), oder lassen Sie { -user } und { -password } leer.
    .notSmtp = { $server } hat die Verbindung geschlossen oder ist kein SMTP-Server ({ $stage }). Prüfen Sie { -port }, und ob { -security } dazu passt (TLS meist auf 465, STARTTLS auf 587).
    .noUtf8 = { $server } unterstützt kein SMTPUTF8 und kann deshalb nicht an eine Adresse mit Zeichen außerhalb von ASCII senden. Verwenden Sie eine andere Adresse oder einen SMTP-Server, der SMTPUTF8 unterstützt.
    .badAddress = An diese Adresse kann keine E-Mail gesendet werden. Verwenden Sie eine andere.
    .notKept = Die E-Mail konnte nicht in { $server } gespeichert werden ({ $reason }). Prüfen Sie, ob dort geschrieben werden darf.
    .notWritten = Die E-Mail konnte nicht erstellt werden ({ $reason }). Prüfen Sie Ihre eigenen Vorlagen und Texte, falls Sie welche haben. Melden Sie dies sonst als Fehler.

smtpStage =
    .writing = beim Erstellen der E-Mail
    .resolving = beim Suchen des Hosts
    .connecting = beim Verbinden
    .tls = beim Aufbau von TLS
    .greeting = beim Warten auf die Begrüßung
    .hello = bei EHLO
    .startTls = bei STARTTLS
    .signIn = bei AUTH
    .sender = bei MAIL FROM
    .recipient = bei RCPT TO
    .data = bei DATA
    .delivery = bei der Übergabe der E-Mail
