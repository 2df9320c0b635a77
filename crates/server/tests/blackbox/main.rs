//! The real binary, seen from outside: HTTP on one side, a recording SMTP server on the other, SQLite or
//! PostgreSQL below.
//!
//! PostgreSQL comes from `cargo xtask test`, which names it in `VESTIBULE_TEST_POSTGRES_URL`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "tests panic when something is wrong, and say what they measured"
)]

mod backup;
mod clients;
#[cfg(feature = "fault-injection")]
mod clocks;
mod closed;
mod cluster;
mod command_line;
mod configuration;
mod connections;
mod crashes;
mod database;
mod dependencies;
mod disk;
mod doctor;
mod documents;
mod durability;
mod encodings;
mod enumeration;
mod evidence;
mod failover;
mod guessing;
mod input;
mod journey;
mod limits;
mod metrics;
mod outbox;
mod overload;
mod packaging;
mod pages;
mod parity;
mod people;
mod proxy;
mod races;
mod recipes;
mod refresh;
mod relocation;
mod remembered;
mod resets;
mod reverse_proxy;
mod revocation;
mod revocations;
mod rotation;
mod schemas;
mod secrets;
mod service;
mod stuffing;
mod tokens_elsewhere;
mod traces;
mod upgrade;
mod wire;
mod workshop;

/// Runs a test on both databases: `name::sqlite` and `name::postgres`.
macro_rules! on_both_databases {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(crate::database::Database::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(crate::database::Database::postgres().await).await;
            }
        }
    )* };
}

pub(crate) use on_both_databases;
