//! The table of all configuration keys.

/// A configuration key.
#[derive(Debug)]
pub(crate) struct Key {
    /// `section.name`.
    pub(crate) name: &'static str,
    /// Default value, if any.
    pub(crate) default: Option<&'static str>,
    /// Description.
    pub(crate) about: &'static str,
    /// Accepted values.
    pub(crate) accepts: &'static str,
    /// If `true`, the value is never printed, and `…_FILE` can name a file with it.
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

/// All keys, in the order of the reference.
pub(crate) const KEYS: &[Key] = &[
    key(
        "server.listen",
        Some("127.0.0.1:8080"),
        "an address and port; port 0 picks a free one",
        "Address to listen on.",
    ),
    key(
        "server.public_url",
        None,
        "an address such as https://accounts.example.com, without a path",
        "Public URL, used in all links; the Host header never is. Required, except with --dev.",
    ),
    key(
        "server.trusted_proxies",
        Some(""),
        "a list of networks such as 10.0.0.0/8",
        "Proxies whose X-Forwarded-For is trusted; the right-most other hop is the client.",
    ),
    key(
        "server.data_dir",
        Some("./data"),
        "a folder",
        "Folder of database, token keys and --dev mails.",
    ),
    key(
        "server.log_format",
        Some("auto"),
        "auto, text or json",
        "Log format; auto is text on a terminal, otherwise JSON. RUST_LOG sets the level.",
    ),
    key(
        "server.security_contact",
        None,
        "an address that starts with https://, mailto: or tel:",
        "Security contact in /.well-known/security.txt (RFC 9116).",
    ),
    key(
        "metrics.listen",
        None,
        "an address and port, such as 127.0.0.1:9464",
        "Address of /metrics; allow only monitoring to reach it. Off by default.",
    ),
    key(
        "traces.endpoint",
        None,
        "an address such as http://127.0.0.1:4318, without a query",
        "OpenTelemetry collector (OTLP/HTTP); /v1/traces is added. Put \
         secrets into traces.headers. Off by default.",
    ),
    secret(
        "traces.headers",
        Some(""),
        "a list such as Authorization=Bearer abc; only with https or to this machine",
        "Request headers for the collector.",
    ),
    key(
        "traces.sample_ratio",
        Some("1"),
        "a number from 0 to 1",
        "Fraction of traces to sample, unless the trusted proxy decides.",
    ),
    secret(
        "database.url",
        Some("sqlite://{data_dir}/vestibule.db"),
        "sqlite://path or postgres://user:password@host/database",
        "Database URL.",
    ),
    secret(
        "redis.url",
        None,
        "redis://user:password@host:port/database, or rediss:// for TLS",
        "Redis or Valkey for shared rate limits; without it each process counts alone, \
         and while it is unavailable each node limits more strictly.",
    ),
    key(
        "redis.nodes",
        Some("3"),
        "a number from 1 to 1000",
        "Number of nodes, which divides limits while Redis is unavailable.",
    ),
    key(
        "product.name",
        Some("Vestibule"),
        "1 to 64 printable characters",
        "Product name in pages and mails.",
    ),
    key(
        "signup.mode",
        Some("open"),
        "open or closed",
        "closed: only administrators and operators create accounts.",
    ),
    key(
        "tokens.access_ttl",
        Some("15m"),
        "a duration from 1m to 24h",
        "Lifetime of an access token.",
    ),
    key(
        "tokens.issuer",
        None,
        "1 to 256 printable characters",
        "iss of access tokens; default: the public URL.",
    ),
    key(
        "tokens.audience",
        None,
        "1 to 256 printable characters",
        "aud of access tokens; default: the public URL.",
    ),
    key(
        "tokens.revocations",
        Some("false"),
        "true or false",
        "If true, /api/v1/revocations lists ended sessions for offline verifiers.",
    ),
    key(
        "sessions.idle_ttl",
        Some("7d"),
        "a duration from 1m to 365d",
        "Lifetime of a session without renewal.",
    ),
    key(
        "sessions.absolute_ttl",
        Some("30d"),
        "a duration from 1m to 365d, not shorter than sessions.idle_ttl",
        "Maximum lifetime of a session.",
    ),
    key(
        "sessions.max_staleness",
        Some("1s"),
        "a duration from 0s to 1s",
        "Maximum age of cached sessions; those ended on another node are accepted this long. 0s \
         disables the cache.",
    ),
    key("reset.ttl", Some("30m"), "a duration from 1m to 24h", "Lifetime of a reset link."),
    key(
        "password.min_length",
        Some("12"),
        "a number from 8 to 256",
        "Minimum length of new passwords; NIST SP 800-63B-4 requires 15 without second factor.",
    ),
    key(
        "password.common_list",
        None,
        "a text file, one password per line",
        "Passwords to refuse, besides the built-in list.",
    ),
    key(
        "password.max_parallel_hashes",
        None,
        "a number from 1 to 256",
        "Concurrent password hashes; default: number of cores. Waiting requests get 503 after a \
         second.",
    ),
    key(
        "password.argon2.memory_kib",
        Some("19456"),
        "a number from 19456 to 262144",
        "KiB of memory per hash; default: the OWASP minimum.",
    ),
    key("password.argon2.iterations", Some("2"), "a number from 2 to 10", "Argon2 passes."),
    key("password.argon2.parallelism", Some("1"), "a number from 1 to 4", "Argon2 lanes."),
    key(
        "password.argon2.engine",
        Some("auto"),
        "auto or portable",
        "auto uses vector instructions if they pass a self-test; portable does not, and takes \
         about three times as long.",
    ),
    key(
        "limits.enabled",
        Some("true"),
        "true or false",
        "Rate limits. Disable for load tests only.",
    ),
    key(
        "limits.reset_request_per_minute",
        Some("5"),
        "a number from 1 to 10000",
        "Reset requests per client network.",
    ),
    key(
        "limits.reset_submit_per_minute",
        Some("3"),
        "a number from 1 to 10000",
        "Uses of a reset link per client network.",
    ),
    key(
        "limits.signin_per_minute",
        Some("20"),
        "a number from 1 to 10000",
        "Sign-ins per client network.",
    ),
    key(
        "limits.signup_per_minute",
        Some("10"),
        "a number from 1 to 10000",
        "Sign-ups per client network.",
    ),
    key("audit.keep", Some("90d"), "a duration from 1d to 3650d", "Retention of the audit log."),
    key(
        "mail.host",
        None,
        "a host name or address",
        "SMTP server; makes the SMTP settings page read-only. Without SMTP settings mails wait.",
    ),
    key("mail.port", Some("587"), "a number from 1 to 65535", "SMTP port."),
    key(
        "mail.security",
        Some("starttls"),
        "starttls, tls or none",
        "starttls never falls back to plain text; tls usually uses port 465; none sends passwords \
         to loopback only. Certificates are always verified.",
    ),
    key("mail.username", None, "text", "SMTP username, with mail.password."),
    secret("mail.password", None, "text", "SMTP password."),
    key("mail.from_address", None, "an email address", "Sender address. Required with mail.host."),
    key(
        "mail.from_name",
        None,
        "1 to 64 printable characters",
        "Sender name; default: product.name.",
    ),
    key(
        "mail.ca_file",
        None,
        "a PEM file",
        "Additional trust anchor for SMTP, also for settings of the page.",
    ),
    key(
        "ui.reset_redirect",
        Some("2s"),
        "whole seconds up to 60s, or off",
        "Delay of the redirect to sign-in after a reset; 0s skips the page, off waits for a \
         click.",
    ),
    key(
        "ui.directory",
        None,
        "a folder",
        "Folder of files that replace built-in ones; see docs/customising.md.",
    ),
];

impl Key {
    /// Returns the name of the environment variable that sets the key.
    pub(crate) fn variable(&self) -> String {
        format!("VESTIBULE_{}", self.name.replace('.', "__").to_ascii_uppercase())
    }
}

/// Returns the key with this name.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
