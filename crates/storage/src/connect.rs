//! Connecting to a database, with the settings that make its promises hold (decision D15).

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::sqlx::Connection;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, SqlxError};

use crate::postgres::Postgres;

/// How long a unit on SQLite waits for the connection, and for another process to finish writing.
const PATIENCE: Duration = Duration::from_secs(5);
/// Readers on SQLite: enough to keep two cores busy while a query waits for the disk.
const SQLITE_READERS: u32 = 4;
const STATEMENT_CACHE: usize = 256;

/// Where the store is.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite://path` or `postgres://user:password@host/database`.
    pub url: String,
    /// The size of the pool on PostgreSQL. SQLite has one writer and a few readers whatever it says.
    pub max_connections: u32,
    /// How long a session that was read may be given again without asking the database: so long
    /// may another process have ended it. At most a second (decision D12); zero is never.
    pub recall: Duration,
}

impl Settings {
    /// An SQLite file, which is made when it is not there yet.
    pub fn for_file(path: &Path) -> Self {
        let escape = |byte: &u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                char::from(*byte).to_string()
            }
            // What follows `?` would be an option, and `%` the beginning of another character.
            _ => format!("%{byte:02X}"),
        };
        let path: String = path.as_os_str().as_bytes().iter().map(escape).collect();
        let url = format!("sqlite://{path}");
        Self { url, max_connections: 1, recall: Duration::from_secs(1) }
    }
}

/// The address may hold a password and is not printed.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("max_connections", &self.max_connections)
            .field("recall", &self.recall)
            .finish_non_exhaustive()
    }
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Neither SQLite in a file nor PostgreSQL.
    #[error("the database's address does not begin with sqlite:// or postgres://")]
    UnsupportedUrl,
    /// The address cannot be parsed; it is not repeated, because it may hold a password.
    #[error(
        "the database's address cannot be parsed: write %, /, ?, # and @ inside a user name or \
         password as %25, %2F, %3F, %23 and %40"
    )]
    Malformed,
    /// An SQLite that may damage its files, or is too old for us.
    #[error("SQLite {found} is not safe to use: 3.51.3 or later is, but not 3.52.0")]
    UnsafeSqlite {
        /// The version that was found.
        found: String,
    },
    /// The file cannot be created.
    #[error("the database file cannot be created")]
    File(#[source] std::io::Error),
    /// The database cannot be opened or reached.
    #[error("the database cannot be opened")]
    Unreachable(#[source] DbErr),
    /// The server does not let us in: a wrong password, no such database, a certificate that is not
    /// trusted.
    #[error("the database server refuses the connection")]
    Refused(#[source] DbErr),
    /// The server is a standby, or takes no writes for another reason.
    #[error("the database server takes no writes")]
    ReadOnly,
}

impl ConnectError {
    /// Whether it may be enough to wait.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::ReadOnly)
    }
}

/// A connection for writing and one for reading; on PostgreSQL they are the same pool.
pub(crate) struct Connections {
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
    /// The server, if there is one.
    pub(crate) server: Option<Postgres>,
}

/// Opens the file; of a server, only the address is looked at.
pub(crate) async fn open_store(settings: &Settings) -> Result<Connections, ConnectError> {
    let url = settings.url.as_str();
    if url.starts_with("sqlite://") && !url.contains(":memory:") && !url.contains("mode=memory") {
        connect_sqlite(url).await
    } else if let Some(rest) = after_any(url, &["postgres://", "postgresql://"]) {
        let server = Postgres::at(format!("postgres://{rest}"))?;
        let mut options = server.options(settings.max_connections);
        let pool = open(quiet(&mut options)).await?;
        Ok(Connections { writer: pool.clone(), reader: pool, server: Some(server) })
    } else {
        Err(ConnectError::UnsupportedUrl)
    }
}

fn after_any<'a>(text: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| text.strip_prefix(prefix))
}

/// The file that the address of an SQLite database names; `None` for any other address.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    if !url.starts_with("sqlite:") {
        return None;
    }
    SqliteConnectOptions::from_str(url).ok().map(|options| options.get_filename().to_owned())
}

async fn connect_sqlite(url: &str) -> Result<Connections, ConnectError> {
    // Parsed as the driver will, so that the file made private is the file that is opened.
    let options = SqliteConnectOptions::from_str(url).map_err(|_| ConnectError::Malformed)?;
    create_private(options.get_filename())?;
    // The writer first: it creates the file and switches it to the write-ahead log.
    let writer = open(quiet(&mut sqlite_options(url, Access::Write))).await?;
    check_sqlite_version(&writer).await?;
    let reader = open(quiet(&mut sqlite_options(url, Access::Read))).await?;
    Ok(Connections { writer, reader, server: None })
}

/// Creates the file if there is none, for its owner alone: it holds password hashes. SQLite gives
/// the files it adds beside it the same permissions.
fn create_private(path: &Path) -> Result<(), ConnectError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(ConnectError::File(error)),
    }
}

pub(crate) async fn open(options: &ConnectOptions) -> Result<DatabaseConnection, ConnectError> {
    Database::connect(options.clone()).await.map_err(ConnectError::Unreachable)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

pub(crate) fn sqlite_options(url: &str, access: Access) -> ConnectOptions {
    let connections = if access == Access::Write { 1 } else { SQLITE_READERS };
    let mut options = ConnectOptions::new(url);
    options
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .max_connections(connections)
        .min_connections(connections)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        // A file does not hang up; asking it every time costs a change of threads.
        .test_before_acquire(false)
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| Box::pin(is_at_rest(connection)))
        })
        .map_sqlx_sqlite_opts(move |options| {
            options
                .create_if_missing(access == Access::Write)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(PATIENCE)
                // A damaged mapping would be a damaged file, and an I/O error a signal.
                .pragma("mmap_size", "0")
                .pragma("query_only", if access == Access::Read { "ON" } else { "OFF" })
                .statement_cache_capacity(STATEMENT_CACHE)
        });
    options
}

/// Whether a connection that comes back may be used again: only outside any transaction.
///
/// When a commit fails because the disk is full, SQLite rolls back by itself and the driver does
/// not notice. It would take the next unit for a part of the old one, and acknowledge commits that
/// never reach the file.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, SqlxError> {
    // After an orderly end the driver knows; this is every unit's but a dropped one's.
    if !connection.is_in_transaction() {
        return Ok(true);
    }
    // A unit that was dropped has queued its rollback; this carries it out.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// What both databases have in common: no statement and no value goes to the log.
pub(crate) fn quiet(options: &mut ConnectOptions) -> &ConnectOptions {
    options.sqlx_logging(false).record_stmt_in_spans(false)
}

/// Versions before 3.51.3 can lose a transaction when the write-ahead log is reset, and 3.52.0 was
/// withdrawn. What counts is the library this process runs with, whatever the lock file says.
pub(crate) async fn check_sqlite_version(db: &DatabaseConnection) -> Result<(), ConnectError> {
    let found = sqlite_version(db).await?;
    if is_safe_sqlite(&found) { Ok(()) } else { Err(ConnectError::UnsafeSqlite { found }) }
}

/// The version of the library.
pub(crate) async fn sqlite_version(db: &DatabaseConnection) -> Result<String, ConnectError> {
    let row = db
        .query_one_raw(sea_orm::Statement::from_string(
            db.get_database_backend(),
            "SELECT sqlite_version() AS version",
        ))
        .await
        .map_err(ConnectError::Unreachable)?;
    Ok(row.and_then(|row| row.try_get::<String>("", "version").ok()).unwrap_or_default())
}

fn is_safe_sqlite(version: &str) -> bool {
    let numbers: Result<Vec<u32>, _> = version.split('.').map(str::parse).collect();
    let Ok(&[major, minor, patch, ..]) = numbers.as_deref() else {
        return false;
    };
    let version = (major, minor, patch);
    version >= (3, 51, 3) && version != (3, 52, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaging_versions_of_sqlite_are_refused() {
        for good in ["3.51.3", "3.51.10", "3.52.1", "3.53.0", "4.0.0"] {
            assert!(is_safe_sqlite(good), "{good}");
        }
        for bad in ["3.51.2", "3.50.4", "3.52.0", "3.7.0", "2.99.99", "3", "", "new"] {
            assert!(!is_safe_sqlite(bad), "{bad}");
        }
    }

    #[test]
    fn settings_do_not_print_the_password() {
        let settings = Settings {
            url: "postgres://anna:secret@db/accounts".to_owned(),
            max_connections: 1,
            recall: Duration::ZERO,
        };
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[tokio::test]
    async fn the_file_that_is_named_is_the_one_that_is_opened() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["plain.db", "a%41.db", "x?mode=memory", "ä #1 &.db"] {
            let file = directory.path().join(name);
            let settings = Settings::for_file(&file);
            assert_eq!(sqlite_file(&settings.url).unwrap(), file);
            open_store(&settings).await.unwrap();
            assert!(file.is_file(), "{name}");
        }
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("vestibule.db").display());
        let settings = Settings { url, max_connections: 1, recall: Duration::ZERO };
        let Connections { writer, reader, .. } = open_store(&settings).await.unwrap();
        writer.execute_unprepared("CREATE TABLE things (id integer)").await.unwrap();
        let written = reader.execute_unprepared("INSERT INTO things VALUES (1)").await;
        assert!(written.unwrap_err().to_string().contains("readonly"));
    }

    #[tokio::test]
    async fn other_databases_are_refused() {
        for url in ["mysql://db", "sqlite::memory:", "sqlite://:memory:", "/tmp/accounts.db", ""] {
            let settings =
                Settings { url: url.to_owned(), max_connections: 1, recall: Duration::ZERO };
            let refused = open_store(&settings).await.err();
            assert!(matches!(refused, Some(ConnectError::UnsupportedUrl)), "{url}");
        }
    }
}
