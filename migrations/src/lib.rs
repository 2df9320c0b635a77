//! The database schema, as an append-only list of migrations.
//!
//! Migrations use no entities or types of other crates: each describes the database at the time it
//! was written, and is never changed. The rules are in this crate's `README.md`.

mod m20261120_000001_create_accounts;
mod m20261121_000001_add_pages;
mod m20261121_000002_add_limits_and_audit;
mod m20261130_000001_add_ended_sessions;
mod runner;

use sea_orm_migration::prelude::{MigrationTrait, async_trait};

pub use runner::{MigrateError, Status, migrate, migrate_after, migrate_within, pending, status};
/// Further operations of [`Migrator`], such as `down`, for tests and development.
pub use sea_orm_migration::prelude::MigratorTrait;

/// The migrations, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_create_accounts::Migration),
            Box::new(m20261121_000001_add_pages::Migration),
            Box::new(m20261121_000002_add_limits_and_audit::Migration),
            Box::new(m20261130_000001_add_ended_sessions::Migration),
        ]
    }
}

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
