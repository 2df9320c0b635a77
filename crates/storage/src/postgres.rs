//! Connections to a PostgreSQL server, which may be away, hang, be full or take no writes.
//!
//! Nobody waits for it longer than a client would: [`ANSWER`] bounds every unit and every read, on
//! this side, because a server whose network is silent keeps no time for us. A connection that has
//! shown that it is of no use, and every other one of its age, is not used again.

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
use crate::connect::ConnectError;
use crate::error::sqlstate;

/// From the wish for a connection to the end of a read or a unit.
pub(crate) const ANSWER: Duration = Duration::from_secs(4);
/// How long a unit waits for a connection.
const ACQUIRE: Duration = Duration::from_millis(3500);
/// How long the server works on one statement, or waits for a lock, before it gives up.
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_millis(3500);
/// How long the server keeps the locks of a unit whose node has gone silent.
const IDLE_UNIT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a server may take to say that it is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// How long a first connection may take.
const INTRODUCTION: Duration = Duration::from_secs(3);
/// A connection that was just in use is taken as it is; one that rested may be gone.
const FRESH: Duration = Duration::from_secs(1);
const STATEMENT_CACHE: usize = 256;

/// A write to a server that takes none, as a standby or a primary that has become one.
const READ_ONLY: &str = "25006";

/// What was found out about a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// What it is, with its version.
    pub version: String,
    /// Settings that are off, and should be on for it to lose nothing that it has acknowledged.
    pub unsafe_settings: Vec<&'static str>,
    /// What time it is there, if it has a clock of its own.
    pub clock: Option<OffsetDateTime>,
}

/// A server, by its address.
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
    /// The server at an address, which it does not look at yet.
    pub(crate) fn at(url: String) -> Result<Self, ConnectError> {
        // The driver's own error would quote the address, and with it the password.
        PgConnectOptions::from_str(&url).map_err(|_| ConnectError::Malformed)?;
        Ok(Self { url, trust: Arc::new(Trust::new()) })
    }

    /// How the pool is made: it connects when somebody needs it.
    pub(crate) fn options(&self, max_connections: u32) -> ConnectOptions {
        let mut options = ConnectOptions::new(&self.url);
        let trust = self.trust.clone();
        options
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE)
            .connect_timeout(ACQUIRE)
            .connect_lazy(true)
            .set_application_name("vestibule")
            .statement_timeout(STATEMENT_TIMEOUT)
            .test_before_acquire(false)
            .map_sqlx_postgres_pool_opts(move |pool| watched(pool, &trust))
            .map_sqlx_postgres_opts(|options| {
                let idle = IDLE_UNIT_TIMEOUT.as_millis();
                options
                    .options([("idle_in_transaction_session_timeout", idle)])
                    .statement_cache_capacity(STATEMENT_CACHE)
            });
        options
    }

    /// Looks whether the server can be worked with, and warns of settings with which it may lose
    /// what it has acknowledged.
    ///
    /// # Errors
    /// Everything that [`ConnectError`] knows about servers.
    pub(crate) async fn visit(&self) -> Result<(), ConnectError> {
        for setting in self.examine().await?.unsafe_settings {
            tracing::warn!(
                setting,
                "the database server may lose what it has acknowledged: turn this on"
            );
        }
        Ok(())
    }

    /// Looks at the server, on a connection of its own.
    ///
    /// # Errors
    /// Everything that [`ConnectError`] knows about servers.
    pub(crate) async fn examine(&self) -> Result<Examination, ConnectError> {
        let options = PgConnectOptions::from_str(&self.url).map_err(|_| ConnectError::Malformed)?;
        let visit = async {
            let mut connection = PgConnection::connect_with(&options).await?;
            let found = settings(&mut connection).await?;
            connection.close().await?;
            Ok(found)
        };
        match timeout(INTRODUCTION, visit).await {
            Ok(Ok((true, _))) => Err(ConnectError::ReadOnly),
            Ok(Ok((false, found))) => Ok(found),
            Ok(Err(error)) => Err(sort(error)),
            Err(_) => Err(sort(SqlxError::PoolTimedOut)),
        }
    }
}

/// Whether a server takes no writes, and what else has to be known about it.
async fn settings(connection: &mut PgConnection) -> Result<(bool, Examination), SqlxError> {
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
    Ok((is_read_only, Examination { version, unsafe_settings, clock }))
}

/// Tells what may pass from what somebody has to mend.
fn sort(error: SqlxError) -> ConnectError {
    let for_good = match &error {
        // No such user, a wrong password, no such database, no right to connect to it.
        SqlxError::Database(error) => {
            let code = error.code().unwrap_or_default();
            code.starts_with("28") || ["3D000", "42501"].contains(&&*code)
        }
        SqlxError::Tls(_) | SqlxError::Configuration(_) => true,
        // A certificate that is not trusted comes as this.
        SqlxError::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    };
    let error = DbErr::Conn(RuntimeErr::SqlxError(error.into()));
    if for_good { ConnectError::Refused(error) } else { ConnectError::Unreachable(error) }
}

/// A pool that keeps no connection to a server that is silent or takes no writes.
fn watched(pool: PgPoolOptions, trust: &Arc<Trust>) -> PgPoolOptions {
    let (before, after) = (trust.clone(), trust.clone());
    pool.after_connect(|connection, _| Box::pin(takes_writes(connection)))
        .before_acquire(move |connection, rest| {
            let trust = before.clone();
            Box::pin(async move {
                if !trust.covers(rest.age) {
                    return Ok(false);
                }
                if rest.idle_for >= FRESH
                    && let Err(error) = alive(connection).await
                {
                    // The next request would only find out the same.
                    trust.withdraw();
                    return Err(error);
                }
                Ok(true)
            })
        })
        .after_release(move |connection, rest| {
            let trust = after.clone();
            Box::pin(async move {
                // A unit that was dropped has queued its rollback; this carries it out. If that has
                // to wait for a statement that goes on, only this connection is lost.
                alive(connection).await?;
                Ok(trust.covers(rest.age))
            })
        })
}

/// Insists on a sign of life.
async fn alive(connection: &mut PgConnection) -> Result<(), SqlxError> {
    timeout(SIGN_OF_LIFE, connection.ping()).await.unwrap_or(Err(SqlxError::PoolTimedOut))
}

async fn takes_writes(connection: &mut PgConnection) -> Result<(), SqlxError> {
    let (read_only,): (String,) =
        sqlx::query_as("SHOW transaction_read_only").fetch_one(connection).await?;
    if read_only == "on" {
        return Err(SqlxError::Protocol("the server takes no writes".to_owned()));
    }
    Ok(())
}

/// Whether an error says that the server takes no writes.
pub(crate) fn is_read_only(error: &DbErr) -> bool {
    sqlstate(error).as_deref() == Some(READ_ONLY)
}

/// Since when connections have to have been opened to be used again.
#[derive(Debug)]
pub(crate) struct Trust {
    began: Instant,
    /// In microseconds since then, and 0 as long as trust was never withdrawn.
    since: AtomicU64,
}

impl Trust {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), since: AtomicU64::new(0) }
    }

    /// Connections that are open now are not used again.
    pub(crate) fn withdraw(&self) {
        self.since.fetch_max(micros(self.now()), Ordering::Relaxed);
    }

    pub(crate) fn covers(&self, age: Duration) -> bool {
        let opened = self.now().saturating_sub(age);
        micros(opened) >= self.since.load(Ordering::Relaxed)
    }

    /// Never 0, so that trust can be withdrawn in the first microsecond too.
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
    fn trust_ends_for_what_was_open_and_not_for_what_comes_later() {
        let trust = Trust::new();
        assert!(trust.covers(Duration::ZERO));
        assert!(trust.covers(Duration::from_secs(9)), "as old as the pool");
        trust.withdraw();
        assert!(!trust.covers(Duration::from_secs(1)));
        assert!(trust.covers(Duration::ZERO));
    }

    #[test]
    fn what_waiting_does_not_mend_is_told_from_what_passes() {
        let io = |kind| SqlxError::Io(std::io::Error::from(kind));
        let refused = io(std::io::ErrorKind::ConnectionRefused);
        for passing in [refused, SqlxError::PoolTimedOut] {
            assert!(sort(passing).is_transient());
        }
        let distrusted = io(std::io::ErrorKind::InvalidData);
        for lasting in [distrusted, SqlxError::Tls("no certificate".into())] {
            assert!(!sort(lasting).is_transient());
        }
    }
}
