## Was am Mailserver nicht geklappt hat, und was zu tun ist.
## Erscheint auf der Seite der E-Mail-Einstellungen und auf der Kommandozeile.

# Die Felder der E-Mail-Einstellungen, wie sie auf der Seite heißen.
-host = „{ admin.host }“
-port = „{ admin.port }“
-security = „{ admin.security }“
-user = „{ admin.username }“
-password = „{ admin.password }“
-from = „{ admin.fromEmail }“

smtp =
    .credentialsRefused = { $relay } hat den Benutzernamen oder das Passwort abgelehnt ({ $reply }). Prüfen Sie { -user } und { -password }: Viele Anbieter verlangen hier ein App-Passwort.
    .signInFirst = { $relay } verlangt zuerst eine Anmeldung ({ $reply }). Füllen Sie { -user } und { -password } aus.
    .notReady = { $relay } kann diese E-Mail jetzt nicht annehmen ({ $stage }: { $reply }). Wartende E-Mails werden von selbst erneut versucht. Wenn es so bleibt, sehen Sie im Protokoll des Mailservers nach.
    .senderRefused = { $relay } hat den Absender abgelehnt ({ $reply }). Prüfen Sie, ob dieses Konto unter der { -from } senden darf.
    .recipientRefused = { $relay } hat den Empfänger abgelehnt ({ $reply }). Prüfen Sie die Adresse, und ob der Mailserver an andere Domains senden darf.
    .refused = { $relay } hat abgelehnt ({ $stage }: { $reply }). Wenden Sie sich an den Betreiber des Mailservers.

    .nothingListens = Unter { $relay } antwortet nichts. Prüfen Sie { -host } und { -port }, und ob der Mailserver läuft.
    .unknownHost = Der Hostname von { $relay } wurde nicht gefunden ({ $reason }). Prüfen Sie { -host } und das DNS dieses Rechners.
    .unreachable = { $relay } ist nicht erreichbar ({ $reason }). Prüfen Sie { -host } und { -port }, das Netzwerk und Firewalls auf dem Weg.
    .broken = Die Verbindung zu { $relay } ist abgebrochen ({ $stage }: { $reason }). Versuchen Sie es erneut. Wenn es so bleibt, sehen Sie im Protokoll des Mailservers nach.

    .hostTimeout = Der Hostname von { $relay } wurde nicht rechtzeitig gefunden. Prüfen Sie das DNS dieses Rechners.
    .connectTimeout = { $relay } hat nicht rechtzeitig geantwortet. Prüfen Sie { -host } und { -port }. Viele Netze sperren Port 25: Versuchen Sie 587 oder 465.
    .silent = { $relay } hat sich nicht rechtzeitig gemeldet. Vielleicht erwartet der Server von Anfang an TLS: Prüfen Sie, ob { -security } zu { -port } passt (TLS meist auf 465, STARTTLS auf 587).
    .tlsTimeout = { $relay } hat nicht rechtzeitig mit TLS geantwortet. Prüfen Sie, ob { -security } zu { -port } passt (TLS meist auf 465, STARTTLS auf 587).
    .stalled = { $relay } antwortet nicht mehr ({ $stage }). Sehen Sie im Protokoll des Mailservers nach.

    .expectsStartTls = { $relay } spricht nicht von Anfang an TLS ({ $reason }). Dieser Server erwartet STARTTLS: Wählen Sie STARTTLS unter { -security } (meist Port 587).
    .noStartTls = { $relay } bietet kein STARTTLS an, deshalb wurde nichts gesendet. Wählen Sie TLS unter { -security } und den passenden Port (meist 465), oder schalten Sie STARTTLS am Mailserver ein.
    .tlsFailed = { $relay } und dieser Rechner konnten sich nicht auf TLS einigen ({ $reason }). Prüfen Sie, ob { -security } zu { -port } passt (TLS meist auf 465, STARTTLS auf 587).

    .certificateUnknown = Das Zertifikat von { $relay } stammt von einer Stelle, der dieser Rechner nicht vertraut. Wenn es Ihre eigene ist, tragen Sie ihr Zertifikat unter mail.ca_file ein.
    .certificateName = Das Zertifikat von { $relay } ist auf einen anderen Namen ausgestellt. Tragen Sie unter { -host } einen Namen aus dem Zertifikat ein.
    .certificateExpired = Das Zertifikat von { $relay } ist abgelaufen. Lassen Sie es erneuern, und prüfen Sie die Uhr dieses Rechners.
    .certificateEarly = Das Zertifikat von { $relay } ist noch nicht gültig. Prüfen Sie die Uhr dieses Rechners.
    .certificateRefused = Das Zertifikat von { $relay } ist nicht annehmbar ({ $reason }). Lassen Sie es ersetzen: Die Prüfung lässt sich nicht abschalten. Das Zertifikat einer eigenen Stelle gehört in mail.ca_file.

    .noMechanism = { $relay } bietet zur Anmeldung weder PLAIN noch LOGIN an. Prüfen Sie, ob { -port } zum Senden gedacht ist (oft 587), oder lassen Sie { -user } und { -password } leer.
    .notSmtp = { $relay } hat aufgelegt oder spricht kein SMTP ({ $stage }). Prüfen Sie { -port }, und ob { -security } dazu passt (TLS meist auf 465, STARTTLS auf 587).
    .noUtf8 = { $relay } bietet kein SMTPUTF8 an und kann deshalb keine Adresse mit Zeichen außerhalb von ASCII befördern. Verwenden Sie eine andere Adresse oder einen Mailserver, der es anbietet.
    .badAddress = An diese Adresse kann keine E-Mail gesendet werden. Verwenden Sie eine andere.
    .notKept = Die E-Mail konnte nicht in { $relay } abgelegt werden ({ $reason }). Prüfen Sie, ob dort geschrieben werden darf.
    .notWritten = Die E-Mail konnte nicht geschrieben werden ({ $reason }). Prüfen Sie Ihre eigenen Vorlagen und Texte, falls Sie welche haben. Melden Sie dies sonst als Fehler.

smtpStage =
    .writing = beim Schreiben der E-Mail
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
