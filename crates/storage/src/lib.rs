//! The store, in SQL through SeaORM: one code path for SQLite and PostgreSQL.
//!
//! [`SeaStore`] implements [`vestibule_domain::ports::Store`]; the sentences there are the
//! specification, and the contract suite in `vestibule-testkit` runs against both databases.
//! Each file holds one port trait: its queries and the conversion of its rows.
//!
//! On PostgreSQL every unit locks in one order, the user first and then what belongs to them, so
//! that two units never wait for each other. On SQLite there is one writer, and nothing to lock.

mod audit;
mod backup;
mod census;
mod columns;
mod connect;
mod credentials;
mod ended;
mod entities;
mod error;
mod failures;
mod installation;
mod outbox;
#[cfg(test)]
mod plans;
mod postgres;
mod recent;
mod requests;
mod resets;
mod sessions;
mod spans;
mod store;
mod transfer;
mod unit;
mod users;

pub use backup::{BackupError, backup};
pub use census::Connected;
pub use connect::{ConnectError, Settings, sqlite_file};
pub use error::is_transient;
pub use postgres::Examination;
pub use recent::CacheUse;
pub use store::SeaStore;
pub use transfer::{Source, TableCopy, Target, TransferError, transfer};

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
