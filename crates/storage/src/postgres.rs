//! Connections to a PostgreSQL server, which may be unreachable, hang, be full or be read-only.
//!
//! [`OPERATION_TIMEOUT`] limits the time of every unit of work and every read on the client side,
//! because timeouts of the server do not help if the network is down. After a failure, connections
//! opened before it are not used again.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sea_orm::sqlx::{self, Connection};
use sea_orm::{ConnectOptions, DbErr, RuntimeErr, SqlxError};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::columns::moment;
use crate::error::ConnectError;
use crate::error::sqlstate;

/// Time limit of a read or a unit of work, including the wait for a connection.
pub(crate) const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);
/// Time that a unit of work waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(3500);
/// Time after which the server cancels a statement, including its wait for locks.
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_millis(3500);
/// Time for which the server keeps the locks of a unit of work whose node has stopped responding.
const IDLE_UNIT_TIMEOUT: Duration = Duration::from_secs(30);
/// Time limit of a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// Time limit of the check of the server, including the connection.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);
/// Idle time from which a connection is tested before use.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);
const STATEMENT_CACHE: usize = 256;

/// SQLSTATE of a write to a read-only server, as a standby or a demoted primary.
const READ_ONLY: &str = "25006";

/// Result of a check of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCheck {
    /// Product and version.
    pub version: String,
    /// Settings that are off but are required to keep committed data.
    pub unsafe_settings: Vec<&'static str>,
    /// Time of the server's clock; `None` for SQLite.
    pub clock: Option<OffsetDateTime>,
}

/// A PostgreSQL server.
#[derive(Clone)]
pub(crate) struct Postgres {
    url: String,
    pub(crate) trust: Arc<Trust>,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Postgres {
    /// Parses the URL of a server, without connecting to it.
    pub(crate) fn at(url: String) -> Result<Self, ConnectError> {
        // The driver's own error would contain the URL, and with it the password.
        PgConnectOptions::from_str(&url).map_err(|_| ConnectError::Malformed)?;
        Ok(Self { url, trust: Arc::new(Trust::new()) })
    }

    /// Returns the options of the pool, which connects lazily.
    pub(crate) fn options(&self, max_connections: u32) -> ConnectOptions {
        let mut options = ConnectOptions::new(&self.url);
        let trust = self.trust.clone();
        options
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy(true)
            .set_application_name("vestibule")
            .statement_timeout(STATEMENT_TIMEOUT)
            .test_before_acquire(false)
            .map_sqlx_postgres_pool_opts(move |pool| with_trust(pool, &trust))
            .map_sqlx_postgres_opts(|options| {
                let idle = IDLE_UNIT_TIMEOUT.as_millis();
                options
                    .options([("idle_in_transaction_session_timeout", idle)])
                    .statement_cache_capacity(STATEMENT_CACHE)
            });
        options
    }

    /// Checks that the server can be used, and logs a warning for settings that risk the loss of
    /// committed data.
    ///
    /// # Errors
    /// The variants of [`ConnectError`] about servers.
    pub(crate) async fn check_available(&self) -> Result<(), ConnectError> {
        for setting in self.inspect().await?.unsafe_settings {
            tracing::warn!(
                setting,
                "the database server may lose committed data: turn this setting on"
            );
        }
        Ok(())
    }

    /// Checks the server, on a separate connection.
    ///
    /// # Errors
    /// The variants of [`ConnectError`] about servers.
    pub(crate) async fn inspect(&self) -> Result<ServerCheck, ConnectError> {
        let options = PgConnectOptions::from_str(&self.url).map_err(|_| ConnectError::Malformed)?;
        let check = async {
            let mut connection = PgConnection::connect_with(&options).await?;
            let found = settings(&mut connection).await?;
            connection.close().await?;
            Ok(found)
        };
        match timeout(CHECK_TIMEOUT, check).await {
            Ok(Ok((true, _))) => Err(ConnectError::ReadOnly),
            Ok(Ok((false, found))) => Ok(found),
            Ok(Err(error)) => Err(classify(error)),
            Err(_) => Err(classify(SqlxError::PoolTimedOut)),
        }
    }
}

/// Returns `true` if the server is read-only, and the result of the check.
async fn settings(connection: &mut PgConnection) -> Result<(bool, ServerCheck), SqlxError> {
    const DURABLE: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];
    let setting = async |connection: &mut PgConnection, name: &str| {
        let asked = sqlx::query_as("SELECT current_setting($1)").bind(name.to_owned());
        asked.fetch_one(connection).await.map(|(value,): (String,)| value)
    };
    let is_read_only = setting(connection, "transaction_read_only").await? == "on";
    let version = setting(connection, "server_version").await?;
    let mut unsafe_settings = Vec::new();
    for name in DURABLE {
        if setting(connection, name).await? == "off" {
            unsafe_settings.push(name);
        }
    }
    let (micros,): (i64,) =
        sqlx::query_as("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            .fetch_one(connection)
            .await?;
    let clock = moment(micros).ok();
    let version = format!("PostgreSQL {version}");
    Ok((is_read_only, ServerCheck { version, unsafe_settings, clock }))
}

/// Distinguishes temporary errors from those that the operator has to fix.
fn classify(error: SqlxError) -> ConnectError {
    let is_permanent = match &error {
        // No such user, a wrong password, no such database, no right to connect to it.
        SqlxError::Database(error) => {
            let code = error.code().unwrap_or_default();
            code.starts_with("28") || ["3D000", "42501"].contains(&&*code)
        }
        SqlxError::Tls(_) | SqlxError::Configuration(_) => true,
        // An untrusted certificate.
        SqlxError::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    };
    let error = DbErr::Conn(RuntimeErr::SqlxError(error.into()));
    if is_permanent { ConnectError::Refused(error) } else { ConnectError::Unreachable(error) }
}

/// Configures the pool to drop connections to a server that does not respond or is read-only.
fn with_trust(pool: PgPoolOptions, trust: &Arc<Trust>) -> PgPoolOptions {
    let (before, after) = (trust.clone(), trust.clone());
    pool.after_connect(|connection, _| Box::pin(takes_writes(connection)))
        .before_acquire(move |connection, rest| {
            let trust = before.clone();
            Box::pin(async move {
                if !trust.covers(rest.age) {
                    return Ok(false);
                }
                if rest.idle_for >= TEST_AFTER_IDLE
                    && let Err(error) = alive(connection).await
                {
                    // The other connections would fail in the same way.
                    trust.withdraw();
                    return Err(error);
                }
                Ok(true)
            })
        })
        .after_release(move |connection, rest| {
            let trust = after.clone();
            Box::pin(async move {
                // A dropped unit of work has queued its rollback; the ping executes it. If that has
                // to wait for a running statement, only this connection is lost.
                alive(connection).await?;
                Ok(trust.covers(rest.age))
            })
        })
}

/// Pings the server, for at most [`PING_TIMEOUT`].
async fn alive(connection: &mut PgConnection) -> Result<(), SqlxError> {
    timeout(PING_TIMEOUT, connection.ping()).await.unwrap_or(Err(SqlxError::PoolTimedOut))
}

async fn takes_writes(connection: &mut PgConnection) -> Result<(), SqlxError> {
    let (read_only,): (String,) =
        sqlx::query_as("SHOW transaction_read_only").fetch_one(connection).await?;
    if read_only == "on" {
        return Err(SqlxError::Protocol("the server is read-only".to_owned()));
    }
    Ok(())
}

/// Returns `true` if the error means that the server is read-only.
pub(crate) fn is_read_only(error: &DbErr) -> bool {
    sqlstate(error).as_deref() == Some(READ_ONLY)
}

/// The time since which a connection must have been opened to be reused.
#[derive(Debug)]
pub(crate) struct Trust {
    began: Instant,
    /// In microseconds since `began`; 0 if trust was never withdrawn.
    since: AtomicU64,
}

impl Trust {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), since: AtomicU64::new(0) }
    }

    /// Prevents the reuse of all connections that are open now.
    pub(crate) fn withdraw(&self) {
        self.since.fetch_max(micros(self.now()), Ordering::Relaxed);
    }

    pub(crate) fn covers(&self, age: Duration) -> bool {
        let opened = self.now().saturating_sub(age);
        micros(opened) >= self.since.load(Ordering::Relaxed)
    }

    /// Returns the time since `began`; never 0, so that trust can be withdrawn at once.
    fn now(&self) -> Duration {
        self.began.elapsed() + Duration::from_micros(1)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withdrawn_trust_covers_new_connections_only() {
        let trust = Trust::new();
        assert!(trust.covers(Duration::ZERO));
        assert!(trust.covers(Duration::from_secs(9)), "as old as the pool");
        trust.withdraw();
        assert!(!trust.covers(Duration::from_secs(1)));
        assert!(trust.covers(Duration::ZERO));
    }

    #[test]
    fn permanent_errors_are_told_from_temporary_ones() {
        let io = |kind| SqlxError::Io(std::io::Error::from(kind));
        let refused = io(std::io::ErrorKind::ConnectionRefused);
        for temporary in [refused, SqlxError::PoolTimedOut] {
            assert!(classify(temporary).is_transient());
        }
        let untrusted = io(std::io::ErrorKind::InvalidData);
        for permanent in [untrusted, SqlxError::Tls("no certificate".into())] {
            assert!(!classify(permanent).is_transient());
        }
    }
}
