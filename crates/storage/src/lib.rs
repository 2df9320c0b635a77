//! The store, in SQL through SeaORM: one code path for SQLite and PostgreSQL.
//!
//! [`SeaStore`] implements [`vestibule_domain::ports::Store`]. The docs of the ports are the
//! specification, and the contract suite in `vestibule-testkit` runs against both databases.
//! Each file implements one port trait: its queries and the conversion of its rows.
//!
//! On PostgreSQL every unit of work locks rows in the same order, the user first and then the
//! user's rows, so that there are no deadlocks. SQLite has a single writer and needs no row locks.

mod audit;
mod backup;
mod columns;
mod connect;
mod credentials;
mod ended;
mod entities;
mod error;
mod installation;
mod outbox;
#[cfg(test)]
mod plans;
mod postgres;
mod reset_request_batch;
mod reset_requests;
mod resets;
mod session_cache;
mod sessions;
mod sign_in_failures;
mod spans;
mod stats;
mod store;
mod transfer;
mod unit;
mod users;

pub use backup::{BackupError, backup};
pub use connect::{Settings, sqlite_file};
pub use error::ConnectError;
pub use error::is_transient;
pub use postgres::ServerCheck;
pub use session_cache::CacheUse;
pub use stats::ConnectionCounts;
pub use store::SeaStore;
pub use transfer::{Source, TableCopy, Target, TransferError, transfer};

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
