//! The table of allowed dependencies between crates, and of third-party crates.
//!
//! Adapters depend only on the domain; the binary connects them.
//! A new entry is a decision: give the reason in the pull request.

/// Path of this file, for messages.
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

/// A crate of the workspace and its allowed dependencies on other workspace crates.
pub(super) struct Crate {
    pub(super) name: &'static str,
    /// Allowed normal dependencies.
    pub(super) uses: &'static [&'static str],
    /// Additional allowed dev-dependencies.
    pub(super) tests_use: &'static [&'static str],
}

const fn adapter(name: &'static str) -> Crate {
    Crate { name, uses: &[DOMAIN], tests_use: &[TESTKIT] }
}

/// All crates of the workspace.
pub(super) const CRATES: [Crate; 20] = [
    Crate { name: DOMAIN, uses: &[], tests_use: &[TESTKIT] },
    Crate { tests_use: &[TESTKIT, MIGRATIONS], ..adapter(STORAGE) },
    adapter(TOKENS),
    adapter(PASSWORDS),
    // Shared by pages and mails, and not an adapter.
    Crate { name: LOCALES, uses: &[DOMAIN], tests_use: &[] },
    Crate { uses: &[DOMAIN, LOCALES], ..adapter(MAIL) },
    adapter(LIMITS),
    adapter(HTTP),
    Crate { uses: &[DOMAIN, LOCALES], ..adapter(WEB) },
    Crate { name: TESTKIT, uses: &[DOMAIN], tests_use: &[] },
    // Used by other services, so it depends only on published crates.
    Crate { name: VERIFY, uses: &[], tests_use: &[] },
    Crate { name: MIGRATIONS, uses: &[], tests_use: &[] },
    Crate {
        name: SERVER,
        uses: &[DOMAIN, STORAGE, TOKENS, PASSWORDS, LOCALES, MAIL, LIMITS, HTTP, WEB, MIGRATIONS],
        tests_use: &[TESTKIT, VERIFY, CLIENT],
    },
    // Fuzz targets use the public API of the other crates.
    Crate {
        name: FUZZ,
        uses: &[DOMAIN, TOKENS, PASSWORDS, LOCALES, MAIL, HTTP, WEB, TESTKIT],
        tests_use: &[],
    },
    // Generated from the OpenAPI document.
    Crate { name: CLIENT, uses: &[], tests_use: &[] },
    // The baselines use no workspace crate; only the micro-benchmarks do.
    Crate { name: BENCH, uses: &[], tests_use: &[DOMAIN, TOKENS, PASSWORDS, LOCALES, MAIL, WEB] },
    // Examples of services that embed Vestibule's crates.
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

/// Owner of crates that only tests use.
const TESTS_ONLY: &[&str] = &[];

/// Third-party crates with the only crates that may use them. Tests may use any.
pub(super) const OWNERS: [(&str, &[&str]); 46] = [
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
    // The server renders the dev mailbox.
    ("minijinja", &[MAIL, WEB, SERVER]),
    ("mockall", TESTS_ONLY),
    ("openapiv3", &[CLIENT]),
    // Crates create spans with `tracing`; only the server exports them.
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
    // For the session cache and the cache of verified tokens.
    ("quick_cache", &[STORAGE, TOKENS]),
    ("rcgen", &[TESTKIT]),
    ("redb", &[EXAMPLE_STORE]),
    ("redis", &[LIMITS]),
    ("regress", &[CLIENT]),
    ("reqwest", &[CLIENT]),
    // Thread priorities; clock ticks.
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

/// Direct dependencies that a crate must not have, where `OWNERS` is not strict enough.
pub(super) const FORBIDDEN: [(&str, &[&str]); 2] = [
    (DOMAIN, &["tokio", "serde", "serde_json", "tracing", "rustls", "base64"]),
    (MIGRATIONS, &["serde", "uuid", "time"]),
];

/// Dependencies that a crate must not have at any depth.
pub(super) const FORBIDDEN_TRANSITIVE: [(&str, &[&str]); 1] = [(
    DOMAIN,
    &["tokio", "hyper", "rustls", "ring", "sqlx", "sea-orm", "poem", "argon2", "pasetors"],
)];
