//! Migration of a database, and its status.
//!
//! Any number of processes may start at the same time: one of them migrates while the others wait,
//! and then find no pending migrations.

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

/// Key of the advisory lock for migrations on PostgreSQL: "vestibul" in ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"vestibul");

/// The reason why a migration failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// A newer version has migrated the database; this version could misread it.
    #[error("the schema is newer than this version; unknown migrations: {}", unknown.join(", "))]
    NewerSchema {
        /// The applied migrations that this version does not contain.
        unknown: Vec<String>,
    },
    /// A statement failed, or the database could not be reached; nothing was changed.
    #[error("cannot migrate the database")]
    Database(#[from] DbErr),
}

/// Migration status of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Names of the applied migrations, oldest first.
    pub applied: Vec<String>,
    /// Names of the pending migrations, oldest first.
    pub pending: Vec<String>,
}

/// Applies all pending migrations in one transaction, and returns their names.
///
/// # Errors
/// [`MigrateError::NewerSchema`] if the database is newer than this version.
/// [`MigrateError::Database`] if a statement fails. Nothing is changed in either case.
pub async fn migrate(db: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    migrate_after(db, async |_: &Status| Ok(())).await
}

/// Applies all pending migrations like [`migrate`], after calling `prepare` if there are any. No
/// other process can migrate meanwhile, and the database is still unchanged.
///
/// # Errors
/// The errors of [`migrate`] and of `prepare`; nothing is changed.
pub async fn migrate_after<E: From<MigrateError>>(
    db: &DatabaseConnection,
    prepare: impl AsyncFnOnce(&Status) -> Result<(), E>,
) -> Result<Vec<String>, E> {
    let unit = begin(db).await.map_err(MigrateError::from)?;
    lock_migrations(&unit).await.map_err(MigrateError::from)?;
    // Read under the lock. Dropping the unit rolls it back and releases the lock.
    let status = status(&unit).await?;
    if !status.pending.is_empty() {
        prepare(&status).await?;
    }
    Migrator::up(&unit, None).await.map_err(MigrateError::from)?;
    unit.commit().await.map_err(MigrateError::from)?;
    Ok(status.pending)
}

/// Applies all pending migrations like [`migrate`], in a transaction of the caller, so that the
/// schema is committed together with other writes. No other process can migrate until it ends.
///
/// # Errors
/// The errors of [`migrate`].
pub async fn migrate_within(unit: &DatabaseTransaction) -> Result<Vec<String>, MigrateError> {
    lock_migrations(unit).await?;
    let Status { pending, .. } = status(unit).await?;
    Migrator::up(unit, None).await?;
    Ok(pending)
}

/// Returns the names of the migrations that [`migrate`] would apply. Read-only, and requires no
/// write privileges.
///
/// # Errors
/// [`MigrateError`], as [`migrate`].
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    Ok(status(db).await?.pending)
}

/// Returns the migration status of the database. Read-only, and requires no write privileges.
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

/// Returns the names of the applied migrations, oldest first; none for an empty database.
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

/// Begins a transaction, which on SQLite takes the write lock.
///
/// All statements use its connection, so that a pool with one connection is enough.
async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    db.begin_with_options(immediate).await
}

/// Takes the lock for migrations, which is held until the transaction ends.
async fn lock_migrations(unit: &DatabaseTransaction) -> Result<(), DbErr> {
    if unit.get_database_backend() == DbBackend::Postgres {
        // Waiting for another process, or changing a large table, may exceed the statement timeout.
        unit.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        unit.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    }
    Ok(())
}
