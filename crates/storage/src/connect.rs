//! Database connections, with the settings that durability requires (decision 0025).

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::sqlx::Connection;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, SqlxError};

use crate::error::ConnectError;
use crate::postgres::Postgres;

/// Time that a unit of work on SQLite waits for the connection, and for writes of other processes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Number of read connections on SQLite: enough to keep two cores busy while a query waits for I/O.
const SQLITE_READERS: u32 = 4;
const STATEMENT_CACHE: usize = 256;

/// Settings of the store.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite://path` or `postgres://user:password@host/database`.
    pub url: String,
    /// Size of the connection pool on PostgreSQL. Ignored on SQLite.
    pub max_connections: u32,
    /// Time for which a session is served from the cache, although another process may have ended
    /// it. At most one second (decision 0024); zero disables the cache.
    pub max_staleness: Duration,
}

impl Settings {
    /// Returns settings for an SQLite file, which is created if it does not exist.
    pub fn for_file(path: &Path) -> Self {
        let escape = |byte: &u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                char::from(*byte).to_string()
            }
            // `?` would start the options, and `%` an escape.
            _ => format!("%{byte:02X}"),
        };
        let path: String = path.as_os_str().as_bytes().iter().map(escape).collect();
        let url = format!("sqlite://{path}");
        Self { url, max_connections: 1, max_staleness: Duration::from_secs(1) }
    }
}

/// Omits the URL, which may contain a password.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("max_connections", &self.max_connections)
            .field("max_staleness", &self.max_staleness)
            .finish_non_exhaustive()
    }
}

/// Pools for writing and for reading; the same pool on PostgreSQL.
pub(crate) struct Connections {
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
    /// The server; `None` for SQLite.
    pub(crate) server: Option<Postgres>,
}

/// Opens an SQLite file, or creates a lazy pool for a PostgreSQL server.
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

/// Returns the file of an SQLite URL; `None` for any other URL.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    if !url.starts_with("sqlite:") {
        return None;
    }
    SqliteConnectOptions::from_str(url).ok().map(|options| options.get_filename().to_owned())
}

async fn connect_sqlite(url: &str) -> Result<Connections, ConnectError> {
    // Parsed by the driver, so that the file made private is the file that is opened.
    let options = SqliteConnectOptions::from_str(url).map_err(|_| ConnectError::Malformed)?;
    create_private(options.get_filename())?;
    // The writer first: it creates the file and enables the write-ahead log.
    let writer = open(quiet(&mut sqlite_options(url, Access::Write))).await?;
    check_sqlite_version(&writer).await?;
    let reader = open(quiet(&mut sqlite_options(url, Access::Read))).await?;
    Ok(Connections { writer, reader, server: None })
}

/// Creates the file if it does not exist, readable only by its owner: it contains password hashes.
/// SQLite gives its `-wal` and `-shm` files the same permissions.
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
        .acquire_timeout(BUSY_TIMEOUT)
        .connect_timeout(BUSY_TIMEOUT)
        .max_connections(connections)
        .min_connections(connections)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        // A file connection is not lost, and each test would cost a thread switch.
        .test_before_acquire(false)
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| Box::pin(is_outside_transaction(connection)))
        })
        .map_sqlx_sqlite_opts(move |options| {
            options
                .create_if_missing(access == Access::Write)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(BUSY_TIMEOUT)
                // With memory mapping, a stray write would damage the file, and an I/O error would
                // raise a signal.
                .pragma("mmap_size", "0")
                .pragma("query_only", if access == Access::Read { "ON" } else { "OFF" })
                .statement_cache_capacity(STATEMENT_CACHE)
        });
    options
}

/// Returns `true` if a released connection is outside any transaction and can be reused.
///
/// If a commit fails because the disk is full, SQLite rolls back by itself and the driver does not
/// notice. The driver would take the next transaction for a nested one, and acknowledge commits
/// that never reach the file.
async fn is_outside_transaction(connection: &mut SqliteConnection) -> Result<bool, SqlxError> {
    // The driver tracks commits and rollbacks; only a dropped unit of work gets past this.
    if !connection.is_in_transaction() {
        return Ok(true);
    }
    // A dropped unit of work has queued its rollback; the ping executes it.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Disables logging of statements and values.
pub(crate) fn quiet(options: &mut ConnectOptions) -> &ConnectOptions {
    options.sqlx_logging(false).record_stmt_in_spans(false)
}

/// Refuses versions before 3.51.3, which can lose a transaction when the write-ahead log is reset,
/// and 3.52.0, which was withdrawn. Checks the library that is loaded, not the lock file.
pub(crate) async fn check_sqlite_version(db: &DatabaseConnection) -> Result<(), ConnectError> {
    let found = sqlite_version(db).await?;
    if is_safe_sqlite(&found) { Ok(()) } else { Err(ConnectError::UnsafeSqlite { found }) }
}

/// Returns the version of the SQLite library.
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
    fn unsafe_versions_of_sqlite_are_refused() {
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
            max_staleness: Duration::ZERO,
        };
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[tokio::test]
    async fn special_characters_in_the_file_name_are_escaped() {
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
        let settings = Settings { url, max_connections: 1, max_staleness: Duration::ZERO };
        let Connections { writer, reader, .. } = open_store(&settings).await.unwrap();
        writer.execute_unprepared("CREATE TABLE things (id integer)").await.unwrap();
        let written = reader.execute_unprepared("INSERT INTO things VALUES (1)").await;
        assert!(written.unwrap_err().to_string().contains("readonly"));
    }

    #[tokio::test]
    async fn other_databases_are_refused() {
        for url in ["mysql://db", "sqlite::memory:", "sqlite://:memory:", "/tmp/accounts.db", ""] {
            let settings =
                Settings { url: url.to_owned(), max_connections: 1, max_staleness: Duration::ZERO };
            let refused = open_store(&settings).await.err();
            assert!(matches!(refused, Some(ConnectError::UnsupportedUrl)), "{url}");
        }
    }
}
