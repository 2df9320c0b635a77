//! Bringing a database up to date, and asking how far it is.
//!
//! Any number of processes may start at once: one of them migrates while the others wait, and then
//! find nothing left to do.

use std::collections::HashSet;

use sea_orm_migration::prelude::{
    ConnectionTrait, DbErr, MigratorTrait, SchemaManager, SchemaManagerConnection,
};
use sea_orm_migration::sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait, IntoDatabaseExecutor,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::seaql_migrations;

use crate::Migrator;

/// The advisory lock that migrating processes queue at on PostgreSQL: "vestibul" in ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"vestibul");

/// Why the schema is not the one this version needs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// A newer version has migrated this database; this one would misread it.
    #[error("the database was migrated by a newer version; unknown here: {}", unknown.join(", "))]
    NewerSchema {
        /// The applied migrations that this version does not know.
        unknown: Vec<String>,
    },
    /// The database refused or could not be reached; nothing was changed.
    #[error("the database could not be migrated")]
    Database(#[from] DbErr),
}

/// How far a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The names of the migrations that were applied, oldest first.
    pub applied: Vec<String>,
    /// The names of those that were not, oldest first.
    pub pending: Vec<String>,
}

/// Applies every pending migration, all of them or none, and answers with their names.
///
/// # Errors
/// [`MigrateError::NewerSchema`], when the database is ahead of this version; nothing is changed.
/// [`MigrateError::Database`], when a statement fails; nothing is changed.
pub async fn migrate(db: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    migrate_after(db, async |_: &Status| Ok(())).await
}

/// As [`migrate`], once `prepare` is done. It is called if anything is pending, while no other
/// process migrates and the database still is as it was.
///
/// # Errors
/// Those of [`migrate`] and of `prepare`; nothing is changed.
pub async fn migrate_after<E: From<MigrateError>>(
    db: &DatabaseConnection,
    prepare: impl AsyncFnOnce(&Status) -> Result<(), E>,
) -> Result<Vec<String>, E> {
    let unit = begin(db).await.map_err(MigrateError::from)?;
    be_alone(&unit).await.map_err(MigrateError::from)?;
    // Asked again now that nobody else migrates. Dropping the unit rolls it back and frees the lock.
    let status = status(&unit).await?;
    if !status.pending.is_empty() {
        prepare(&status).await?;
    }
    Migrator::up(&unit, None).await.map_err(MigrateError::from)?;
    unit.commit().await.map_err(MigrateError::from)?;
    Ok(status.pending)
}

/// As [`migrate`], in a transaction that the caller has begun and commits: the schema comes into
/// being together with whatever else is written there. No other process migrates until it ends.
///
/// # Errors
/// Those of [`migrate`].
pub async fn migrate_within(unit: &DatabaseTransaction) -> Result<Vec<String>, MigrateError> {
    be_alone(unit).await?;
    let Status { pending, .. } = status(unit).await?;
    Migrator::up(unit, None).await?;
    Ok(pending)
}

/// The names of the migrations that [`migrate`] would apply. Changes nothing, and needs no right to
/// change anything.
///
/// # Errors
/// [`MigrateError`], as [`migrate`].
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    Ok(status(db).await?.pending)
}

/// How far the database is. Changes nothing, and needs no right to change anything.
///
/// # Errors
/// [`MigrateError`], as [`migrate`].
pub async fn status<'c, C>(db: C) -> Result<Status, MigrateError>
where
    C: IntoDatabaseExecutor<'c>,
{
    let applied = recorded(db.into_database_executor()).await?;
    let known: Vec<String> =
        Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();

    let (applied_here, pending) = {
        let recorded: HashSet<&String> = applied.iter().collect();
        known.iter().cloned().partition::<Vec<_>, _>(|name| recorded.contains(name))
    };
    let unknown: Vec<String> = applied.into_iter().filter(|name| !known.contains(name)).collect();
    if unknown.is_empty() {
        Ok(Status { applied: applied_here, pending })
    } else {
        Err(MigrateError::NewerSchema { unknown })
    }
}

/// The names the database has recorded, oldest first; none in an empty database.
async fn recorded(db: SchemaManagerConnection<'_>) -> Result<Vec<String>, DbErr> {
    let manager = SchemaManager::new(db);
    if !manager.has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let rows = seaql_migrations::Entity::find().all(manager.get_connection()).await?;
    let mut names: Vec<String> = rows.into_iter().map(|row| row.version).collect();
    names.sort();
    Ok(names)
}

/// Opens a transaction, which on SQLite keeps everybody else from writing.
///
/// Everything happens on its one connection, so that it works with a pool of one.
async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    db.begin_with_options(immediate).await
}

/// Makes it the one transaction in the world that migrates this database, for exactly as long as it
/// lives, however it ends.
async fn be_alone(unit: &DatabaseTransaction) -> Result<(), DbErr> {
    if unit.get_database_backend() == DbBackend::Postgres {
        // Waiting for another process, and changing a large table, may take longer than a request.
        unit.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        unit.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    }
    Ok(())
}
