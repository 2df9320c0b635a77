//! The table of allowed edges: the shape of the whole house in one screen.
//!
//! The domain decides, adapters obey, the binary wires, and nothing else knows anybody.
//! A new line here is a decision; the pull request that adds it says why.

/// This file, for messages.
pub(super) const TABLE: &str = "xtask/src/layers/table.rs";

const DOMAIN: &str = "vestibule-domain";
const STORAGE: &str = "vestibule-storage";
const TOKENS: &str = "vestibule-tokens";
const PASSWORDS: &str = "vestibule-passwords";
const MAIL: &str = "vestibule-mail";
const LIMITS: &str = "vestibule-limits";
const HTTP: &str = "vestibule-http";
const LOCALES: &str = "vestibule-locales";
const WEB: &str = "vestibule-web";
const TESTKIT: &str = "vestibule-testkit";
const VERIFY: &str = "vestibule-verify";
const MIGRATIONS: &str = "vestibule-migrations";
const SERVER: &str = "vestibule";
const FUZZ: &str = "vestibule-fuzz";
const CLIENT: &str = "vestibule-client-rust";
const BENCH: &str = "vestibule-bench";
const EXAMPLE_AXUM: &str = "example-axum";
const EXAMPLE_POEM: &str = "example-poem";
const EXAMPLE_STORE: &str = "example-store";
const XTASK: &str = "xtask";

/// One of our crates, and which of the others it may know.
pub(super) struct Crate {
    pub(super) name: &'static str,
    /// In what is shipped.
    pub(super) uses: &'static [&'static str],
    /// In tests, besides `uses`.
    pub(super) tests_use: &'static [&'static str],
}

const fn adapter(name: &'static str) -> Crate {
    Crate { name, uses: &[DOMAIN], tests_use: &[TESTKIT] }
}

/// All our crates.
pub(super) const CRATES: [Crate; 20] = [
    Crate { name: DOMAIN, uses: &[], tests_use: &[TESTKIT] },
    Crate { tests_use: &[TESTKIT, MIGRATIONS], ..adapter(STORAGE) },
    adapter(TOKENS),
    adapter(PASSWORDS),
    // Words are no adapter: pages and mails share them.
    Crate { name: LOCALES, uses: &[DOMAIN], tests_use: &[] },
    Crate { uses: &[DOMAIN, LOCALES], ..adapter(MAIL) },
    adapter(LIMITS),
    adapter(HTTP),
    Crate { uses: &[DOMAIN, LOCALES], ..adapter(WEB) },
    Crate { name: TESTKIT, uses: &[DOMAIN], tests_use: &[] },
    // Lives in other services, and knows what is published alone.
    Crate { name: VERIFY, uses: &[], tests_use: &[] },
    Crate { name: MIGRATIONS, uses: &[], tests_use: &[] },
    Crate {
        name: SERVER,
        uses: &[DOMAIN, STORAGE, TOKENS, PASSWORDS, LOCALES, MAIL, LIMITS, HTTP, WEB, MIGRATIONS],
        tests_use: &[TESTKIT, VERIFY, CLIENT],
    },
    // Tests by another name, which go through the doors of all others.
    Crate {
        name: FUZZ,
        uses: &[DOMAIN, TOKENS, PASSWORDS, LOCALES, MAIL, HTTP, WEB, TESTKIT],
        tests_use: &[],
    },
    // Made of the document by a generator; knows nothing else of the service.
    Crate { name: CLIENT, uses: &[], tests_use: &[] },
    // Floors know none of ours; what is measured alone is known to its benches.
    Crate { name: BENCH, uses: &[], tests_use: &[DOMAIN, TOKENS, PASSWORDS, LOCALES, MAIL, WEB] },
    // What other people's services may look like: they wire as the server does, and stand alone.
    Crate {
        name: EXAMPLE_AXUM,
        uses: &[DOMAIN, STORAGE, TOKENS, PASSWORDS, LIMITS, MIGRATIONS],
        tests_use: &[],
    },
    Crate {
        name: EXAMPLE_POEM,
        uses: &[DOMAIN, STORAGE, TOKENS, PASSWORDS, LIMITS, HTTP, MIGRATIONS],
        tests_use: &[],
    },
    adapter(EXAMPLE_STORE),
    Crate { name: XTASK, uses: &[], tests_use: &[] },
];

/// What only tests use.
const NOBODY: &[&str] = &[];

/// Dependencies with a home: nobody else ships them. Tests may use any.
pub(super) const HOMES: [(&str, &[&str]); 46] = [
    ("anyhow", &[SERVER, BENCH, EXAMPLE_AXUM, EXAMPLE_POEM, XTASK]),
    ("argon2", &[PASSWORDS, BENCH]),
    ("argon2-rust", &[PASSWORDS, BENCH]),
    ("axum", &[VERIFY, EXAMPLE_AXUM]),
    ("bcrypt", &[PASSWORDS]),
    ("clap", &[SERVER]),
    ("clap_complete", &[SERVER]),
    ("clap_mangen", &[SERVER]),
    ("fluent-bundle", &[LOCALES]),
    ("hyper", &[SERVER, BENCH, VERIFY]),
    ("hyper-util", &[SERVER, BENCH, VERIFY]),
    ("indicatif", &[SERVER]),
    ("mail-builder", &[MAIL]),
    ("mail-send", &[MAIL]),
    // The server shows the kept mails of a try-out.
    ("minijinja", &[MAIL, WEB, SERVER]),
    ("mockall", NOBODY),
    ("openapiv3", &[CLIENT]),
    // Spans stand with the work, in `tracing`; who collects them is wired in one place.
    ("opentelemetry", &[SERVER]),
    ("opentelemetry-proto", &[SERVER]),
    ("opentelemetry_sdk", &[SERVER]),
    ("pasetors", &[TOKENS, VERIFY]),
    ("pbkdf2", &[PASSWORDS]),
    ("poem", &[HTTP, WEB, SERVER, FUZZ, BENCH, VERIFY, EXAMPLE_POEM]),
    ("poem-openapi", &[HTTP]),
    ("progenitor-client", &[CLIENT]),
    ("progenitor-impl", &[CLIENT]),
    ("prometheus-client", &[SERVER]),
    ("prost", &[SERVER]),
    // Two caches, each beside what it remembers.
    ("quick_cache", &[STORAGE, TOKENS]),
    ("rcgen", &[TESTKIT]),
    ("redb", &[EXAMPLE_STORE]),
    ("redis", &[LIMITS]),
    ("regress", &[CLIENT]),
    ("reqwest", &[CLIENT]),
    // Priorities of threads; the ticks of a clock.
    ("rustix", &[PASSWORDS, SERVER]),
    ("rusqlite", &[BENCH]),
    ("scrypt", &[PASSWORDS]),
    ("sea-orm", &[STORAGE, SERVER]),
    ("sea-orm-migration", &[MIGRATIONS]),
    ("sqlx", &[STORAGE]),
    ("syn", &[CLIENT]),
    ("tempfile", &[FUZZ]),
    ("toml", &[SERVER]),
    ("tracing-opentelemetry", &[SERVER]),
    ("tracing-subscriber", &[SERVER]),
    ("unic-langid", &[LOCALES]),
];

/// What a crate never depends on, where a home would be too weak a rule.
pub(super) const NEVER: [(&str, &[&str]); 2] = [
    (DOMAIN, &["tokio", "serde", "serde_json", "tracing", "rustls", "base64"]),
    (MIGRATIONS, &["serde", "uuid", "time"]),
];

/// What a crate must not reach through any dependency, at any depth.
pub(super) const PURE: [(&str, &[&str]); 1] = [(
    DOMAIN,
    &["tokio", "hyper", "rustls", "ring", "sqlx", "sea-orm", "poem", "argon2", "pasetors"],
)];
