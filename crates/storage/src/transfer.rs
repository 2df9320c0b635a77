//! Moving everything from an SQLite file to PostgreSQL: every row of every table, in one
//! transaction, counted and compared.
//!
//! A [`Source`] is a file that nobody else has open, and stays so until it is dropped: what is
//! copied is all there is. What it holds is not changed.

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

use crate::connect::{Access, ConnectError, check_sqlite_version, open, quiet, sqlite_options};
use crate::entities::{
    ended_session, event, failure, outbox, password, relay, reset, reset_request, session,
    setup_link, user,
};
use crate::error::is_locked;
use crate::store::SeaStore;

/// Rows written at a time. PostgreSQL takes 65 535 values in one statement; no row has 60.
const BATCH: usize = 1000;
/// How long somebody who has just let go of the file, or of a table, is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why nothing was moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The source is no SQLite file.
    #[error("the database to move is not a file")]
    NotAFile,
    /// There is no such file.
    #[error("there is no database at {path}")]
    Missing {
        /// Where it should be.
        path: String,
    },
    /// A process has the file open.
    #[error("the database is in use")]
    InUse(#[source] DbErr),
    /// The target is no PostgreSQL server.
    #[error("the database to move to is not on a PostgreSQL server")]
    NotAServer,
    /// The target holds something already.
    #[error("the table {table} of the target holds {rows} rows")]
    NotEmpty {
        /// The first table that does.
        table: &'static str,
        /// How many it holds.
        rows: u64,
    },
    /// What was written is not what was read.
    #[error("the table {table} of the target differs from that of the source")]
    Differs {
        /// The table.
        table: &'static str,
    },
    /// The source could not be opened or read.
    #[error("the database cannot be read")]
    Read(#[source] DbErr),
    /// The server has not said whether it has committed.
    #[error("the target has not said whether it has taken everything")]
    Unsettled(#[source] DbErr),
    /// The target could not be read or written.
    #[error("the target cannot be written")]
    Write(#[source] DbErr),
}

/// An SQLite database that nobody else can open.
pub struct Source {
    unit: DatabaseTransaction,
    // Dropped after the transaction on it.
    _file: DatabaseConnection,
}

impl Source {
    /// Opens the file at `url` for this process alone.
    ///
    /// # Errors
    /// [`TransferError::NotAFile`], [`TransferError::Missing`]; [`TransferError::InUse`] when a
    /// service or a command works with it; [`TransferError::Read`].
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
        // Every other connection, of whatever process, holds a shared lock as long as it is open.
        let mut options = sqlite_options(url, Access::Write);
        options.map_sqlx_sqlite_opts(|options| {
            let options = options.create_if_missing(false).busy_timeout(PATIENCE);
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

    /// For asking how far its schema is.
    pub fn transaction(&self) -> &DatabaseTransaction {
        &self.unit
    }

    /// How many rows there are to move.
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

/// A transaction on a PostgreSQL server that takes everything, or nothing.
pub struct Target(DatabaseTransaction);

impl Target {
    /// Begins the transaction.
    ///
    /// # Errors
    /// [`TransferError::NotAServer`]; [`TransferError::Write`] when the server does not answer.
    pub async fn begin(store: &SeaStore) -> Result<Self, TransferError> {
        if !store.is_on_server() {
            return Err(TransferError::NotAServer);
        }
        let unit = store.connection().begin().await.map_err(TransferError::Write)?;
        // It takes as long as it takes; but nobody waits for a table that somebody else has locked.
        for setting in ["statement_timeout = 0", "idle_in_transaction_session_timeout = 0"] {
            let set = format!("SET LOCAL {setting}");
            unit.execute_unprepared(&set).await.map_err(TransferError::Write)?;
        }
        let set = format!("SET LOCAL lock_timeout = {}", PATIENCE.as_millis());
        unit.execute_unprepared(&set).await.map_err(TransferError::Write)?;
        Ok(Self(unit))
    }

    /// For bringing its schema into being, before anything is written.
    pub fn transaction(&self) -> &DatabaseTransaction {
        &self.0
    }

    /// Makes everything durable and visible, at once.
    ///
    /// # Errors
    /// [`TransferError::Unsettled`]: then either everything is there or nothing.
    pub async fn commit(self) -> Result<(), TransferError> {
        self.0.commit().await.map_err(TransferError::Unsettled)
    }
}

/// A table that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCopy {
    /// Its name.
    pub table: &'static str,
    /// How many rows it has, in both databases.
    pub rows: u64,
    /// The checksum of its rows, in both databases: the SHA-256 of each, combined by exclusive or,
    /// in hexadecimal.
    pub checksum: String,
}

/// Copies every row of every table, reads back what was written, and compares.
///
/// `written` is told after each batch how many rows it had. Nothing is there before the target is
/// committed.
///
/// # Errors
/// [`TransferError`]; drop the target then.
pub async fn transfer(
    source: &Source,
    target: &Target,
    written: impl Fn(u64),
) -> Result<Vec<TableCopy>, TransferError> {
    refuse_content(&target.0).await?;
    let moving = Moving { from: &source.unit, to: &target.0, written: &written };
    moving.everything().await
}

/// Calls a macro with every entity, each after those it refers to.
macro_rules! with_every_entity {
    ($callback:ident) => {
        $callback! {
            user, password, session, ended_session, reset, reset_request, outbox, event,
            failure, relay, setup_link
        }
    };
}

/// How many rows each table has.
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

/// Refuses a target that holds anything, and keeps it as it is: whoever serves from it has to wait.
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

/// The checksum of rows, whatever their order: two databases may sort one text differently. No two
/// rows are equal, since each has its key in it.
#[derive(Default, PartialEq, Eq)]
struct Checksum {
    rows: u64,
    sum: [u8; 32],
}

impl Checksum {
    fn add<M: ModelTrait>(&mut self, row: &M) {
        let mut digest = Sha256::new();
        for column in <M::Entity as EntityTrait>::Column::iter() {
            // Quoted and escaped, so that no two rows look alike.
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
