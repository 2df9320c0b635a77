//! The schema, as an append-only list.
//!
//! Nothing here knows an entity or a type of the other crates: a migration describes the database
//! as it was on its day, and stays as it is. `README.md` beside this crate has the rules.

mod m20261120_000001_create_accounts;
mod m20261121_000001_add_pages;
mod m20261121_000002_add_limits_and_audit;
mod m20261130_000001_add_ended_sessions;
mod runner;

use sea_orm_migration::prelude::{MigrationTrait, async_trait};

pub use runner::{MigrateError, Status, migrate, migrate_after, migrate_within, pending, status};
/// What [`Migrator`] can do besides, `down` above all: for tests and development.
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
