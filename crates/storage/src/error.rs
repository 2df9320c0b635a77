//! What the database says, in the two words a use case can act on: try again, or report a bug.

use sea_orm::{DbErr, RuntimeErr, SqlxError, SqlxPostgresError, SqlxSqliteError};
use vestibule_domain::error::BoxError;
use vestibule_domain::ports::StoreError;

/// Primary result codes of SQLite.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;

/// Something stored that this version cannot read, or an answer nobody expected.
pub(crate) fn corrupt(source: impl Into<BoxError>) -> StoreError {
    StoreError::Corrupt(source.into())
}

/// Something that may be better in a moment.
pub(crate) fn unavailable(source: impl Into<BoxError>) -> StoreError {
    StoreError::Unavailable(source.into())
}

/// Sorts a database's error.
pub(crate) fn store_error(error: DbErr) -> StoreError {
    if is_transient(&error) { unavailable(error) } else { corrupt(error) }
}

/// What PostgreSQL calls an error.
pub(crate) fn sqlstate(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        error
    else {
        return None;
    };
    let error = cause.as_database_error()?.try_downcast_ref::<SqlxPostgresError>()?;
    Some(error.code().to_owned())
}

/// Whether an error may be gone in a moment.
pub fn is_transient(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            is_passing(cause)
        }
        _ => false,
    }
}

fn is_passing(error: &SqlxError) -> bool {
    match error {
        SqlxError::Database(error) => {
            if let Some(error) = error.try_downcast_ref::<SqlxPostgresError>() {
                is_passing_on_postgres(error.code())
            } else if error.try_downcast_ref::<SqlxSqliteError>().is_some() {
                error.code().and_then(|code| code.parse().ok()).is_some_and(is_passing_on_sqlite)
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

/// Whether an SQLite file could not be had because somebody else has it.
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

/// By the classes of appendix A of the PostgreSQL manual.
fn is_passing_on_postgres(sqlstate: &str) -> bool {
    let class = sqlstate.get(..2).unwrap_or_default();
    // Connection lost, rolled back for another's sake, resources exhausted, lock not available,
    // stopped by the operator or by a timeout, input or output error.
    ["08", "40", "53", "55", "57", "58"].contains(&class)
        // A transaction on a standby, as during a fail-over, or one that idled too long.
        || ["25006", "25P03", "25P04"].contains(&sqlstate)
}

/// By the primary result codes of SQLite, which are the low byte of the extended ones.
fn is_passing_on_sqlite(code: i32) -> bool {
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
    fn a_loaded_server_is_unavailable_and_a_broken_promise_is_corrupt() {
        for passing in ["08006", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01"] {
            assert!(is_passing_on_postgres(passing), "{passing}");
        }
        for broken in ["23505", "23503", "23514", "42P01", "22021", "25P02", ""] {
            assert!(!is_passing_on_postgres(broken), "{broken}");
        }
    }

    #[test]
    fn a_busy_or_full_file_is_unavailable_and_a_broken_one_is_corrupt() {
        for passing in [5, 6, 10, 13, 517, 778, 3850] {
            assert!(is_passing_on_sqlite(passing), "{passing}");
        }
        for broken in [1, 11, 19, 26, 787, 2067] {
            assert!(!is_passing_on_sqlite(broken), "{broken}");
        }
    }

    #[test]
    fn errors_outside_the_database_are_sorted_too() {
        let timeout = DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout);
        assert!(matches!(store_error(timeout), StoreError::Unavailable(_)));
        let decoding = DbErr::Type("not a number".to_owned());
        assert!(matches!(store_error(decoding), StoreError::Corrupt(_)));
    }
}
