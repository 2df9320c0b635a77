## What went wrong with the relay, and what to do next.
## Shown on the page of the e-mail settings and on the command line.
## $relay is its host and port, $reply its own words, $reason the cause in the system's words.

# The fields of the e-mail settings, as the page calls them.
-host = “{ admin.host }”
-port = “{ admin.port }”
-security = “{ admin.security }”
-user = “{ admin.username }”
-password = “{ admin.password }”
-from = “{ admin.fromEmail }”

smtp =
    .credentialsRefused = { $relay } refused the user name or the password ({ $reply }). Check { -user } and { -password }: many providers need an app password here.
    .signInFirst = { $relay } asks to sign in first ({ $reply }). Fill in { -user } and { -password }.
    .notReady = { $relay } cannot take this e-mail now ({ $stage }: { $reply }). Queued e-mails are tried again by themselves. If it stays so, look into the log of the relay.
    .senderRefused = { $relay } refused the sender ({ $reply }). Check that this account may send as { -from }.
    .recipientRefused = { $relay } refused the recipient ({ $reply }). Check the address, and that the relay may send to other domains.
    .refused = { $relay } refused ({ $stage }: { $reply }). Ask whoever runs the relay.

    .nothingListens = Nothing answers at { $relay }. Check { -host } and { -port }, and that the relay is running.
    .unknownHost = The host name of { $relay } was not found ({ $reason }). Check { -host }, and the DNS of this machine.
    .unreachable = { $relay } cannot be reached ({ $reason }). Check { -host } and { -port }, the network, and firewalls in between.
    .broken = The connection to { $relay } broke ({ $stage }: { $reason }). Try again. If it stays so, look into the log of the relay.

    .hostTimeout = The host name of { $relay } was not found in time. Check the DNS of this machine.
    .connectTimeout = { $relay } did not answer in time. Check { -host } and { -port }. Many networks block port 25: try 587 or 465.
    .silent = { $relay } did not greet in time. It may expect TLS from the start: check that { -security } fits { -port } (TLS usually on 465, STARTTLS on 587).
    .tlsTimeout = { $relay } did not answer in TLS in time. Check that { -security } fits { -port } (TLS usually on 465, STARTTLS on 587).
    .stalled = { $relay } stopped answering ({ $stage }). Look into the log of the relay.

    .expectsStartTls = { $relay } does not speak TLS from the start ({ $reason }). This server expects STARTTLS: choose STARTTLS under { -security } (usual port 587).
    .noStartTls = { $relay } does not offer STARTTLS, so nothing was sent. Choose TLS under { -security } and its port (usually 465), or switch STARTTLS on at the relay.
    .tlsFailed = { $relay } and this machine could not agree on TLS ({ $reason }). Check that { -security } fits { -port } (TLS usually on 465, STARTTLS on 587).

    .certificateUnknown = The certificate of { $relay } was issued by an authority that this machine does not trust. If it is your own, name its certificate in mail.ca_file.
    .certificateName = The certificate of { $relay } was issued for another name. Set { -host } to a name in the certificate.
    .certificateExpired = The certificate of { $relay } has expired. Have it renewed, and check the clock of this machine.
    .certificateEarly = The certificate of { $relay } is not valid yet. Check the clock of this machine.
    .certificateRefused = The certificate of { $relay } is not acceptable ({ $reason }). Have it replaced: the check cannot be switched off. The certificate of an authority of your own belongs in mail.ca_file.

    .noMechanism = { $relay } offers neither PLAIN nor LOGIN to sign in. Check that { -port } is meant for sending (often 587), or leave { -user } and { -password } empty.
    .notSmtp = { $relay } hung up or does not speak SMTP ({ $stage }). Check { -port }, and that { -security } fits it (TLS usually on 465, STARTTLS on 587).
    .noUtf8 = { $relay } does not offer SMTPUTF8, so it cannot carry an address with characters outside ASCII. Use another address, or a relay that offers it.
    .badAddress = No e-mail can be sent to this address. Use another one.
    .notKept = The e-mail could not be kept in { $relay } ({ $reason }). Check that it is writable.
    .notWritten = The e-mail could not be written ({ $reason }). Check your own templates and texts, if you have any. Otherwise report this as a bug.

# Where in a delivery it went wrong.
smtpStage =
    .writing = writing the e-mail
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
    .delivery = handing the e-mail over
