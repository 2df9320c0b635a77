//! The table of keys.

/// One thing that can be configured.
#[derive(Debug)]
pub(crate) struct Key {
    /// `section.name`.
    pub(crate) name: &'static str,
    /// The value in force when nothing is said; `None` if there is none.
    pub(crate) default: Option<&'static str>,
    /// What it is for.
    pub(crate) about: &'static str,
    /// What is accepted.
    pub(crate) accepts: &'static str,
    /// Whether it is shown, and whether `…_FILE` works.
    pub(crate) secret: bool,
}

const fn key(
    name: &'static str,
    default: Option<&'static str>,
    accepts: &'static str,
    about: &'static str,
) -> Key {
    Key { name, default, about, accepts, secret: false }
}

const fn secret(
    name: &'static str,
    default: Option<&'static str>,
    accepts: &'static str,
    about: &'static str,
) -> Key {
    Key { name, default, about, accepts, secret: true }
}

/// Every key, in the order of the reference.
pub(crate) const KEYS: &[Key] = &[
    key(
        "server.listen",
        Some("127.0.0.1:8080"),
        "an address and port; port 0 picks a free one",
        "Where the service listens.",
    ),
    key(
        "server.public_url",
        None,
        "an address such as https://accounts.example.com, without a path",
        "Where people reach the service. The only source of links in mails; the Host header of a \
         request never is. Required, except with --dev.",
    ),
    key(
        "server.trusted_proxies",
        Some(""),
        "a list of networks such as 10.0.0.0/8",
        "The proxies whose X-Forwarded-For is believed. The right-most hop that is none of them is \
         the client.",
    ),
    key(
        "server.data_dir",
        Some("./data"),
        "a folder",
        "Where the database, the token keys and the mails of --dev are kept.",
    ),
    key(
        "server.log_format",
        Some("auto"),
        "auto, text or json",
        "How log lines look; auto is text on a terminal and JSON elsewhere. RUST_LOG sets the level.",
    ),
    key(
        "server.security_contact",
        None,
        "an address that starts with https://, mailto: or tel:",
        "Where to report security problems; published at /.well-known/security.txt (RFC 9116), which \
         is not there without it.",
    ),
    key(
        "metrics.listen",
        None,
        "an address and port that nobody but the monitoring reaches, such as 127.0.0.1:9464",
        "Where metrics are served, at /metrics, for Prometheus and what reads its format. Off unless \
         set.",
    ),
    key(
        "traces.endpoint",
        None,
        "an address such as http://127.0.0.1:4318 or https://collector.example.com, without a query",
        "The OpenTelemetry collector that gets traces, by OTLP over HTTP; /v1/traces is added. Off \
         unless set. Shown as it is: secrets go into traces.headers.",
    ),
    secret(
        "traces.headers",
        Some(""),
        "a list such as Authorization=Bearer abc; only with https, or for a collector on this machine",
        "Headers that the collector asks for.",
    ),
    key(
        "traces.sample_ratio",
        Some("1"),
        "a number from 0 to 1",
        "The part of all traces that is taken. A request that goes on with the trace of a trusted proxy \
         does as the proxy says.",
    ),
    secret(
        "database.url",
        Some("sqlite://{data_dir}/vestibule.db"),
        "sqlite://path or postgres://user:password@host/database",
        "Where accounts, sessions and waiting mails are kept.",
    ),
    secret(
        "redis.url",
        None,
        "redis://user:password@host:port/database, or rediss:// for TLS",
        "A Redis or Valkey server, for limits that several nodes share. Without it each process counts \
         for itself. While it is away each node limits by itself, more strictly.",
    ),
    key(
        "redis.nodes",
        Some("3"),
        "a number from 1 to 1000",
        "How many nodes share the limits. While Redis is away each admits its share of a limit, but at \
         least one attempt.",
    ),
    key(
        "product.name",
        Some("Vestibule"),
        "1 to 64 printable characters",
        "What the product is called in pages and mails.",
    ),
    key(
        "signup.mode",
        Some("open"),
        "open or closed",
        "open: anybody may create an account and is signed in at once. closed: administrators \
         create accounts.",
    ),
    key(
        "tokens.access_ttl",
        Some("15m"),
        "a duration from 1m to 24h",
        "How long an access token is valid.",
    ),
    key(
        "tokens.issuer",
        None,
        "1 to 256 printable characters",
        "iss of access tokens; the public URL unless set.",
    ),
    key(
        "tokens.audience",
        None,
        "1 to 256 printable characters",
        "aud of access tokens; the public URL unless set.",
    ),
    key(
        "tokens.revocations",
        Some("false"),
        "true or false",
        "Whether /api/v1/revocations lists the sessions that have ended lately, for services that \
         verify access tokens by themselves.",
    ),
    key(
        "sessions.idle_ttl",
        Some("7d"),
        "a duration from 1m to 365d",
        "How long a session lives without being renewed.",
    ),
    key(
        "sessions.absolute_ttl",
        Some("30d"),
        "a duration from 1m to 365d, not shorter than sessions.idle_ttl",
        "How long a session lives at all.",
    ),
    key(
        "sessions.max_staleness",
        Some("1s"),
        "a duration from 0s to 1s",
        "How long a session that was just looked up is taken for granted. What this process ends is \
         over at once all the same; what another node or a command ends, so much later. With 0s the \
         database is asked at every request.",
    ),
    key(
        "reset.ttl",
        Some("30m"),
        "a duration from 1m to 24h",
        "How long a link to reset a password works.",
    ),
    key(
        "password.min_length",
        Some("12"),
        "a number from 8 to 256",
        "The fewest characters a new password may have. NIST SP 800-63B-4 asks for 15 where a \
         password is the only factor.",
    ),
    key(
        "password.common_list",
        None,
        "a text file, one password a line",
        "Passwords nobody may choose, beside the built-in list of common and breached ones.",
    ),
    key(
        "password.max_parallel_hashes",
        None,
        "a number from 1 to 256",
        "How many passwords are hashed at a time; the number of processor cores unless set. \
         Whoever waits longer than a second is asked to come back.",
    ),
    key(
        "password.argon2.memory_kib",
        Some("19456"),
        "a number from 19456 to 262144",
        "Memory of a password hash in KiB. The default is the least OWASP recommends.",
    ),
    key(
        "password.argon2.iterations",
        Some("2"),
        "a number from 2 to 10",
        "Passes of a password hash.",
    ),
    key(
        "password.argon2.parallelism",
        Some("1"),
        "a number from 1 to 4",
        "Lanes of a password hash.",
    ),
    key(
        "password.argon2.engine",
        Some("auto"),
        "auto or portable",
        "What computes password hashes. auto takes the vector instructions of the processor, if they \
         pass a test at the start; portable never does, and takes about three times as long. The \
         hashes are the same.",
    ),
    key(
        "limits.enabled",
        Some("true"),
        "true or false",
        "Whether attempts are limited. false is for load tests only.",
    ),
    key(
        "limits.reset_request_per_minute",
        Some("5"),
        "a number from 1 to 10000",
        "Requests for a reset link per client address.",
    ),
    key(
        "limits.reset_submit_per_minute",
        Some("3"),
        "a number from 1 to 10000",
        "Attempts to use a reset link per client address.",
    ),
    key(
        "limits.signin_per_minute",
        Some("20"),
        "a number from 1 to 10000",
        "Sign-ins per client address.",
    ),
    key(
        "limits.signup_per_minute",
        Some("10"),
        "a number from 1 to 10000",
        "Sign-ups per client address.",
    ),
    key(
        "audit.keep",
        Some("90d"),
        "a duration from 1d to 3650d",
        "How long it is remembered who signed in, failed to, or changed what.",
    ),
    key(
        "mail.host",
        None,
        "a host name or address",
        "The relay that takes outgoing mail. Set here, it cannot be changed on the administrator's \
         page. Set nowhere, mails wait in the outbox.",
    ),
    key("mail.port", Some("587"), "a number from 1 to 65535", "The relay's port."),
    key(
        "mail.security",
        Some("starttls"),
        "starttls, tls or none",
        "How the connection to the relay is protected. Certificates are always checked. none \
         sends no password, except to a relay on this machine.",
    ),
    key("mail.username", None, "text", "The account at the relay."),
    secret("mail.password", None, "text", "The password of that account."),
    key(
        "mail.from_address",
        None,
        "an e-mail address",
        "The sender of every mail. Required with mail.host.",
    ),
    key(
        "mail.from_name",
        None,
        "1 to 64 printable characters",
        "The sender's name; the product's unless set.",
    ),
    key(
        "mail.ca_file",
        None,
        "a PEM file",
        "A further trust anchor for the relay's certificate, also of a relay set on the \
         administrator's page.",
    ),
    key(
        "ui.reset_redirect",
        Some("2s"),
        "whole seconds up to 60s, or off",
        "How long the page after a reset waits before it goes on to the sign-in page. 0s: there is \
         no such page. off: it waits for a click.",
    ),
    key(
        "ui.directory",
        None,
        "a folder",
        "A folder whose files take the place of the built-in ones: templates/, assets/, locales/ and \
         mails/. docs/customising.md says how.",
    ),
];

impl Key {
    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("VESTIBULE_{}", self.name.replace('.', "__").to_ascii_uppercase())
    }
}

/// The key of that name.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
