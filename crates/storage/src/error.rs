//! Errors: [`ConnectError`], and the conversion of database errors to [`StoreError`], which is
//! either unavailable (retry) or corrupt (a bug).

use sea_orm::{DbErr, RuntimeErr, SqlxError, SqlxPostgresError, SqlxSqliteError};
use vestibule_domain::error::BoxError;
use vestibule_domain::ports::StoreError;

/// Primary result codes of SQLite.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;

/// The reason why the database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is neither for an SQLite file nor for PostgreSQL.
    #[error("the database URL does not start with sqlite:// or postgres://")]
    UnsupportedUrl,
    /// The URL cannot be parsed. It is not repeated, because it may contain a password.
    #[error(
        "invalid database URL: write %, /, ?, # and @ inside a username or \
         password as %25, %2F, %3F, %23 and %40"
    )]
    Malformed,
    /// The SQLite version may damage its files, or is too old.
    #[error("SQLite {found} is not safe: use 3.51.3 or later, except 3.52.0")]
    UnsafeSqlite {
        /// The version found.
        found: String,
    },
    /// The file cannot be created.
    #[error("the database file cannot be created")]
    File(#[source] std::io::Error),
    /// The database cannot be opened or reached.
    #[error("the database cannot be opened")]
    Unreachable(#[source] DbErr),
    /// The server refuses the connection: a wrong password, an unknown database, or an untrusted
    /// certificate.
    #[error("the database server refused the connection")]
    Refused(#[source] DbErr),
    /// The server is a standby, or read-only for another reason.
    #[error("the database server is read-only")]
    ReadOnly,
}

impl ConnectError {
    /// Returns `true` if a retry may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::ReadOnly)
    }
}

/// Creates an error for stored data that cannot be read, or an unexpected result.
pub(crate) fn corrupt(source: impl Into<BoxError>) -> StoreError {
    StoreError::Corrupt(source.into())
}

/// Creates an error for a temporary failure.
pub(crate) fn unavailable(source: impl Into<BoxError>) -> StoreError {
    StoreError::Unavailable(source.into())
}

/// Converts a database error.
pub(crate) fn store_error(error: DbErr) -> StoreError {
    if is_transient(&error) { unavailable(error) } else { corrupt(error) }
}

/// Returns the SQLSTATE of a PostgreSQL error.
pub(crate) fn sqlstate(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        error
    else {
        return None;
    };
    let error = cause.as_database_error()?.try_downcast_ref::<SqlxPostgresError>()?;
    Some(error.code().to_owned())
}

/// Returns `true` if the error is temporary.
pub fn is_transient(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            is_temporary(cause)
        }
        _ => false,
    }
}

fn is_temporary(error: &SqlxError) -> bool {
    match error {
        SqlxError::Database(error) => {
            if let Some(error) = error.try_downcast_ref::<SqlxPostgresError>() {
                is_temporary_on_postgres(error.code())
            } else if error.try_downcast_ref::<SqlxSqliteError>().is_some() {
                error.code().and_then(|code| code.parse().ok()).is_some_and(is_temporary_on_sqlite)
            } else {
                false
            }
        }
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed
        | SqlxError::BeginFailed => true,
        _ => false,
    }
}

/// Returns `true` if the SQLite file is locked by another connection.
pub(crate) fn is_locked(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    let code = cause.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    code.is_some_and(|code| [BUSY, LOCKED].contains(&(code & 0xff)))
}

/// Classifies a SQLSTATE by the classes in appendix A of the PostgreSQL manual.
fn is_temporary_on_postgres(sqlstate: &str) -> bool {
    let class = sqlstate.get(..2).unwrap_or_default();
    // Connection lost, rolled back because of another transaction, resources exhausted, lock not
    // available, stopped by the operator or by a timeout, I/O error.
    ["08", "40", "53", "55", "57", "58"].contains(&class)
        // A transaction on a standby, as during a failover, or one that was idle for too long.
        || ["25006", "25P03", "25P04"].contains(&sqlstate)
}

/// Classifies a result code of SQLite; the primary code is the low byte of an extended one.
fn is_temporary_on_sqlite(code: i32) -> bool {
    const NO_MEMORY: i32 = 7;
    const READ_ONLY: i32 = 8;
    const INTERRUPT: i32 = 9;
    const IO_ERROR: i32 = 10;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    const PROTOCOL: i32 = 15;
    [BUSY, LOCKED, NO_MEMORY, READ_ONLY, INTERRUPT, IO_ERROR, FULL, CANNOT_OPEN, PROTOCOL]
        .contains(&(code & 0xff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overloaded_server_is_unavailable_and_a_violated_constraint_is_corrupt() {
        for temporary in ["08006", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01"] {
            assert!(is_temporary_on_postgres(temporary), "{temporary}");
        }
        for permanent in ["23505", "23503", "23514", "42P01", "22021", "25P02", ""] {
            assert!(!is_temporary_on_postgres(permanent), "{permanent}");
        }
    }

    #[test]
    fn a_busy_or_full_file_is_unavailable_and_a_broken_one_is_corrupt() {
        for temporary in [5, 6, 10, 13, 517, 778, 3850] {
            assert!(is_temporary_on_sqlite(temporary), "{temporary}");
        }
        for permanent in [1, 11, 19, 26, 787, 2067] {
            assert!(!is_temporary_on_sqlite(permanent), "{permanent}");
        }
    }

    #[test]
    fn errors_outside_the_database_are_classified() {
        let timeout = DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout);
        assert!(matches!(store_error(timeout), StoreError::Unavailable(_)));
        let decoding = DbErr::Type("not a number".to_owned());
        assert!(matches!(store_error(decoding), StoreError::Corrupt(_)));
    }
}
