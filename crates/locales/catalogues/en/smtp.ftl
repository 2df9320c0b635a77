## Errors of the SMTP server and how to fix them.
## Shown on the SMTP settings page and on the command line.
## $server is host and port of the server, $reply its response, $reason the error of the system.

# The fields of the SMTP settings page.
-host = “{ admin.host }”
-port = “{ admin.port }”
-security = “{ admin.security }”
-user = “{ admin.username }”
-password = “{ admin.password }”
-from = “{ admin.fromEmail }”

smtp =
    .credentialsRefused = { $server } rejected the username or the password ({ $reply }). Check { -user } and { -password }: many providers require an app password.
    .signInFirst = { $server } requires authentication ({ $reply }). Enter { -user } and { -password }.
    .notReady = { $server } cannot accept this e-mail now ({ $stage }: { $reply }). Queued e-mails are retried automatically. If the problem persists, check the log of the SMTP server.
    .senderRefused = { $server } rejected the sender ({ $reply }). Check that this account is allowed to send as { -from }.
    .recipientRefused = { $server } rejected the recipient ({ $reply }). Check the address, and that the SMTP server is allowed to send to other domains.
    .refused = { $server } rejected the e-mail ({ $stage }: { $reply }). Contact the administrator of the SMTP server.

    .nothingListens = { $server } refused the connection. Check { -host } and { -port }, and that the SMTP server is running.
    .unknownHost = The host name of { $server } was not found ({ $reason }). Check { -host } and the DNS settings of this machine.
    .unreachable = { $server } is unreachable ({ $reason }). Check { -host } and { -port }, the network, and firewalls.
    .broken = The connection to { $server } was lost ({ $stage }: { $reason }). Try again. If the problem persists, check the log of the SMTP server.

    .hostTimeout = Looking up the host name of { $server } timed out. Check the DNS settings of this machine.
    .connectTimeout = The connection to { $server } timed out. Check { -host } and { -port }. Many networks block port 25: try 587 or 465.
    .silent = { $server } did not send a greeting in time. It may expect TLS from the start: check that { -security } fits { -port } (TLS usually on 465, STARTTLS on 587).
    .tlsTimeout = The TLS handshake with { $server } timed out. Check that { -security } fits { -port } (TLS usually on 465, STARTTLS on 587).
    .stalled = { $server } stopped responding ({ $stage }). Check the log of the SMTP server.

    .expectsStartTls = { $server } does not use TLS from the start ({ $reason }). This server expects STARTTLS: choose STARTTLS under { -security } (usual port 587).
    .noStartTls = { $server } does not support STARTTLS, so nothing was sent. Choose TLS under { -security } and its port (usually 465), or enable STARTTLS on the SMTP server.
    .tlsFailed = The TLS handshake with { $server } failed ({ $reason }). Check that { -security } fits { -port } (TLS usually on 465, STARTTLS on 587).

    .certificateUnknown = The certificate of { $server } was issued by an authority that this machine does not trust. If it is your own authority, set mail.ca_file to its certificate.
    .certificateName = The certificate of { $server } was issued for another name. Set { -host } to a name in the certificate.
    .certificateExpired = The certificate of { $server } has expired. Renew it, and check the clock of this machine.
    .certificateEarly = The certificate of { $server } is not valid yet. Check the clock of this machine.
    .certificateRefused = The certificate of { $server } is not valid ({ $reason }). Replace it: the check cannot be disabled. For an authority of your own, set mail.ca_file to its certificate.

    .noMechanism = { $server } supports neither PLAIN nor LOGIN authentication. Check that { -port } is meant for sending (often 587), or leave { -user } and { -password } empty.
    .notSmtp = { $server } closed the connection or is not an SMTP server ({ $stage }). Check { -port }, and that { -security } fits it (TLS usually on 465, STARTTLS on 587).
    .noUtf8 = { $server } does not support SMTPUTF8, so it cannot deliver to an address with non-ASCII characters. Use another address, or an SMTP server that supports SMTPUTF8.
    .badAddress = No e-mail can be sent to this address. Use another one.
    .notKept = The e-mail could not be stored in { $server } ({ $reason }). Check that it is writable.
    .notWritten = The e-mail could not be created ({ $reason }). Check your own templates and texts, if you have any. Otherwise report this as a bug.

# The step of a delivery that failed.
smtpStage =
    .writing = creating the e-mail
    .resolving = looking up the host
    .connecting = connecting
    .tls = setting up TLS
    .greeting = waiting for the greeting
    .hello = at EHLO
    .startTls = at STARTTLS
    .signIn = at AUTH
    .sender = at MAIL FROM
    .recipient = at RCPT TO
    .data = at DATA
    .delivery = delivering the e-mail
