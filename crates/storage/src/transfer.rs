//! Move of a database from an SQLite file to PostgreSQL: all rows of all tables, in one
//! transaction, counted and verified by checksums.
//!
//! A [`Source`] is locked exclusively until it is dropped, so that the copy is complete. Its data
//! is not changed.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteLockingMode};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    IntoActiveModel, Iterable, ModelTrait, PaginatorTrait, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sha2::{Digest, Sha256};

use crate::connect::{Access, check_sqlite_version, open, quiet, sqlite_options};
use crate::entities::{
    audit_event, ended_session, outbox, password, reset, reset_request, session, setup_link,
    sign_in_failure, smtp_settings, user,
};
use crate::error::ConnectError;
use crate::error::is_locked;
use crate::store::SeaStore;

/// Rows per statement. PostgreSQL accepts 65 535 values in a statement; no row has 60.
const BATCH: usize = 1000;
/// Time to wait for a lock of the file or of a table.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The reason why a move failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The source is not an SQLite file.
    #[error("the source database is not an SQLite file")]
    NotAFile,
    /// The source file does not exist.
    #[error("there is no database at {path}")]
    Missing {
        /// Path of the source file.
        path: String,
    },
    /// Another process has the file open.
    #[error("the database is in use")]
    InUse(#[source] DbErr),
    /// The target is not a PostgreSQL server.
    #[error("the target database is not on a PostgreSQL server")]
    NotAServer,
    /// The target is not empty.
    #[error("table {table} of the target contains {rows} rows")]
    NotEmpty {
        /// The first table that is not empty.
        table: &'static str,
        /// Number of rows.
        rows: u64,
    },
    /// The rows of the target differ from those of the source.
    #[error("table {table} differs between source and target")]
    Differs {
        /// The table.
        table: &'static str,
    },
    /// The source could not be opened or read.
    #[error("cannot read the source database")]
    Read(#[source] DbErr),
    /// The server did not confirm the commit.
    #[error("the target did not confirm the commit")]
    Unsettled(#[source] DbErr),
    /// The target could not be read or written.
    #[error("cannot write the target database")]
    Write(#[source] DbErr),
}

/// An SQLite database that is locked exclusively.
pub struct Source {
    unit: DatabaseTransaction,
    // Dropped after the transaction on it.
    _file: DatabaseConnection,
}

impl Source {
    /// Opens and locks the file at `url`.
    ///
    /// # Errors
    /// [`TransferError::NotAFile`], [`TransferError::Missing`]; [`TransferError::InUse`] if a
    /// service or a command uses the file; [`TransferError::Read`].
    pub async fn open(url: &str) -> Result<Self, TransferError> {
        if !url.starts_with("sqlite:") {
            return Err(TransferError::NotAFile);
        }
        let driver = |error: sea_orm::SqlxError| {
            TransferError::Read(DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())))
        };
        let options = SqliteConnectOptions::from_str(url).map_err(driver)?;
        let path: &Path = options.get_filename();
        if !path.is_file() {
            return Err(TransferError::Missing { path: path.display().to_string() });
        }
        // Every other connection, of any process, has a shared lock as long as it is open.
        let mut options = sqlite_options(url, Access::Write);
        options.map_sqlx_sqlite_opts(|options| {
            let options = options.create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
            options.locking_mode(SqliteLockingMode::Exclusive)
        });
        let file = match open(quiet(&mut options)).await {
            Ok(file) => file,
            Err(ConnectError::Unreachable(error)) => return Err(refused(error)),
            Err(error) => return Err(other(&error)),
        };
        check_sqlite_version(&file).await.map_err(|error| other(&error))?;
        let exclusive = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Exclusive),
            ..Default::default()
        };
        let unit = file.begin_with_options(exclusive).await.map_err(refused)?;
        Ok(Self { unit, _file: file })
    }

    /// Returns the transaction, to check the schema version.
    pub fn transaction(&self) -> &DatabaseTransaction {
        &self.unit
    }

    /// Returns the number of rows to move.
    ///
    /// # Errors
    /// [`TransferError::Read`].
    pub async fn count(&self) -> Result<u64, TransferError> {
        let counts = count(&self.unit).await.map_err(TransferError::Read)?;
        Ok(counts.iter().map(|(_, rows)| rows).sum())
    }
}

fn other(error: &ConnectError) -> TransferError {
    TransferError::Read(DbErr::Custom(error.to_string()))
}

fn refused(error: DbErr) -> TransferError {
    if is_locked(&error) { TransferError::InUse(error) } else { TransferError::Read(error) }
}

/// A transaction on the PostgreSQL server that receives all rows.
pub struct Target(DatabaseTransaction);

impl Target {
    /// Begins the transaction.
    ///
    /// # Errors
    /// [`TransferError::NotAServer`]; [`TransferError::Write`] if the server does not respond.
    pub async fn begin(store: &SeaStore) -> Result<Self, TransferError> {
        if !store.is_on_server() {
            return Err(TransferError::NotAServer);
        }
        let unit = store.connection().begin().await.map_err(TransferError::Write)?;
        // The move has no time limit, but does not wait long for tables locked by other processes.
        for setting in ["statement_timeout = 0", "idle_in_transaction_session_timeout = 0"] {
            let set = format!("SET LOCAL {setting}");
            unit.execute_unprepared(&set).await.map_err(TransferError::Write)?;
        }
        let set = format!("SET LOCAL lock_timeout = {}", BUSY_TIMEOUT.as_millis());
        unit.execute_unprepared(&set).await.map_err(TransferError::Write)?;
        Ok(Self(unit))
    }

    /// Returns the transaction, to create the schema before rows are written.
    pub fn transaction(&self) -> &DatabaseTransaction {
        &self.0
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// [`TransferError::Unsettled`]; then the target contains either all rows or none.
    pub async fn commit(self) -> Result<(), TransferError> {
        self.0.commit().await.map_err(TransferError::Unsettled)
    }
}

/// Result of the copy of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCopy {
    /// Name of the table.
    pub table: &'static str,
    /// Number of rows, in both databases.
    pub rows: u64,
    /// Checksum of the rows, in both databases: the SHA-256 digests of the rows combined by XOR, in
    /// hexadecimal.
    pub checksum: String,
}

/// Copies all rows of all tables, reads them back, and compares them.
///
/// Calls `written` after each batch with its number of rows. The rows are not visible before the
/// target is committed.
///
/// # Errors
/// [`TransferError`]; the target must be dropped then.
pub async fn transfer(
    source: &Source,
    target: &Target,
    written: impl Fn(u64),
) -> Result<Vec<TableCopy>, TransferError> {
    refuse_content(&target.0).await?;
    let moving = Moving { from: &source.unit, to: &target.0, written: &written };
    moving.everything().await
}

/// Calls a macro with all entities, each after those it references.
macro_rules! with_every_entity {
    ($callback:ident) => {
        $callback! {
            user, password, session, ended_session, reset, reset_request, outbox, audit_event,
            sign_in_failure, smtp_settings, setup_link
        }
    };
}

/// Counts the rows of each table.
async fn count(db: &DatabaseTransaction) -> Result<Vec<(&'static str, u64)>, DbErr> {
    macro_rules! counted {
        ($($entity:ident),*) => {
            vec![$((table::<$entity::Entity>(), $entity::Entity::find().count(db).await?)),*]
        };
    }
    Ok(with_every_entity!(counted))
}

fn table<E: EntityTrait>() -> &'static str {
    E::default().table_name()
}

/// Refuses a target that is not empty, and locks its tables, so that running services have to wait.
async fn refuse_content(unit: &DatabaseTransaction) -> Result<(), TransferError> {
    macro_rules! named {
        ($($entity:ident),*) => { [$(table::<$entity::Entity>()),*] };
    }
    if unit.get_database_backend() == DbBackend::Postgres {
        let tables = with_every_entity!(named).join(", ");
        let lock = format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE");
        unit.execute_unprepared(&lock).await.map_err(TransferError::Write)?;
    }
    let counts = count(unit).await.map_err(TransferError::Write)?;
    match counts.into_iter().find(|(_, rows)| *rows > 0) {
        Some((table, rows)) => Err(TransferError::NotEmpty { table, rows }),
        None => Ok(()),
    }
}

struct Moving<'a, W> {
    from: &'a DatabaseTransaction,
    to: &'a DatabaseTransaction,
    written: &'a W,
}

impl<W: Fn(u64)> Moving<'_, W> {
    async fn everything(&self) -> Result<Vec<TableCopy>, TransferError> {
        macro_rules! moved {
            ($($entity:ident),*) => { vec![$(self.table::<$entity::Entity>().await?),*] };
        }
        Ok(with_every_entity!(moved))
    }

    async fn table<E>(&self) -> Result<TableCopy, TransferError>
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync,
        E::ActiveModel: Send,
    {
        let mut read = Checksum::default();
        let rows = E::find().stream(self.from).await.map_err(TransferError::Read)?;
        let mut batches = rows.chunks(BATCH);
        while let Some(batch) = batches.next().await {
            let batch: Vec<E::Model> =
                batch.into_iter().collect::<Result<_, _>>().map_err(TransferError::Read)?;
            for row in &batch {
                read.add(row);
            }
            let count = batch.len();
            let rows = batch.into_iter().map(IntoActiveModel::into_active_model);
            let insert = E::insert_many(rows).exec_without_returning(self.to);
            insert.await.map_err(TransferError::Write)?;
            (self.written)(u64::try_from(count).unwrap_or_default());
        }
        let mut written = Checksum::default();
        let mut rows = E::find().stream(self.to).await.map_err(TransferError::Write)?;
        while let Some(row) = rows.try_next().await.map_err(TransferError::Write)? {
            written.add(&row);
        }
        if read != written {
            return Err(TransferError::Differs { table: table::<E>() });
        }
        Ok(TableCopy { table: table::<E>(), rows: read.rows, checksum: read.in_hexadecimal() })
    }
}

/// A checksum of rows that does not depend on their order, because databases may sort text
/// differently. No two rows are equal, because each contains its key.
#[derive(Default, PartialEq, Eq)]
struct Checksum {
    rows: u64,
    sum: [u8; 32],
}

impl Checksum {
    fn add<M: ModelTrait>(&mut self, row: &M) {
        let mut digest = Sha256::new();
        for column in <M::Entity as EntityTrait>::Column::iter() {
            // Quoted and escaped, so that different rows have different representations.
            digest.update(format!("{:?}\n", row.get(column)));
        }
        for (sum, byte) in self.sum.iter_mut().zip(digest.finalize()) {
            *sum ^= byte;
        }
        self.rows += 1;
    }

    fn in_hexadecimal(&self) -> String {
        self.sum.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}
