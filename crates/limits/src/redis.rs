//! Counting in Redis, or Valkey, which is asked in the same words.
//!
//! One script decides and counts, by the server's clock. Only [`RedisLimiter::probe`] connects;
//! whoever finds a connection broken or silent throws it away, for the next probe to make another.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, Script, ServerErrorKind};
use async_trait::async_trait;
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};
use vestibule_domain::ports::{Decision, Limit, LimitKey};

use crate::shared::{Away, SharedLimiter, in_time};

const ADMIT: &str = include_str!("redis/admit.lua");
/// The number is that of the form in which moments are kept.
const PREFIX: &str = "vestibule:limit:1:";
/// Beside the keys of real attempts, which begin with what is done.
const PROBE: &str = "vestibule:limit:1:probe";
/// A server that takes longer for one attempt is as good as away.
const PATIENCE: Duration = Duration::from_millis(200);
/// Nobody waits for a new connection, which may take some round trips.
const CONNECTING: Duration = Duration::from_secs(1);
/// Attempts that may be on their way to the server at a time.
const UNDER_WAY: usize = 1024;

/// Where a Redis server is, with the credentials to use there. Does not print.
#[derive(Clone)]
pub struct RedisAddress(Client);

/// A text is no address of a Redis server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address of the form redis://user:password@host:port/database")]
pub struct InvalidRedisAddress;

impl RedisAddress {
    /// Reads `redis://user:password@host:port/database`, or `rediss://` for TLS; everything but the
    /// host may be left out.
    ///
    /// # Errors
    /// [`InvalidRedisAddress`], also for a fragment: the client knows one that turns the check of
    /// certificates off.
    pub fn parse(text: &str) -> Result<Self, InvalidRedisAddress> {
        let known = text.starts_with("redis://") || text.starts_with("rediss://");
        if !known || text.contains('#') {
            return Err(InvalidRedisAddress);
        }
        Client::open(text).map(Self).map_err(|_| InvalidRedisAddress)
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisAddress(..)")
    }
}

/// Counts attempts for all nodes that name the same server and database.
///
/// The server keeps, for each key, one list with as many moments as its limit admits, and forgets it
/// a second after its window.
pub struct RedisLimiter {
    client: Client,
    /// By this the server knows the script once it has seen it.
    script: String,
    line: Mutex<Line>,
}

/// The connection in use.
#[derive(Default)]
struct Line {
    connection: Option<MultiplexedConnection>,
    /// Of this connection, so that nobody throws away a newer one.
    number: u64,
}

impl RedisLimiter {
    /// Will count there; the first probe connects.
    pub fn new(address: &RedisAddress) -> Self {
        // The client takes what the process has, and panics where that is nothing. A second
        // installation finds the first one in place.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let script = Script::new(ADMIT).get_hash().to_owned();
        Self { client: address.0.clone(), script, line: Mutex::default() }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self) -> Option<(MultiplexedConnection, u64)> {
        let line = self.line();
        line.connection.clone().map(|connection| (connection, line.number))
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Away> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_concurrency_limit(UNDER_WAY);
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        in_time(CONNECTING, async { connecting.await.map_err(|error| away(&error)) }).await
    }

    /// Counts by the connection in use, and gives it up when it does not do its work.
    async fn count(&self, key: &str, limit: Limit) -> Result<Decision, Away> {
        let (mut connection, number) = self.connection().ok_or(Away::NotConnected)?;
        let counted = self.count_by(&mut connection, key, limit).await;
        let mut line = self.line();
        if counted.is_err() && line.number == number {
            line.connection = None;
        }
        counted
    }

    async fn count_by(
        &self,
        connection: &mut MultiplexedConnection,
        key: &str,
        limit: Limit,
    ) -> Result<Decision, Away> {
        let ask = async {
            let known = call("EVALSHA", &self.script, key, limit).query_async(connection).await;
            match known {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    call("EVAL", ADMIT, key, limit).query_async(connection).await
                }
                answer => answer,
            }
            .map_err(|error| away(&error))
        };
        let wait: u64 = in_time(PATIENCE, ask).await?;
        Ok(match wait {
            0 => Decision::Admitted,
            micros => Decision::Refused { retry_after: Duration::from_micros(micros) },
        })
    }
}

fn call(command: &str, script: &str, key: &str, limit: Limit) -> Cmd {
    let window = u64::try_from(limit.window.as_micros()).unwrap_or(u64::MAX);
    let mut call = ::redis::cmd(command);
    call.arg(script).arg(1).arg(key).arg(limit.attempts.get()).arg(window);
    call
}

/// The kind of an error: its details may repeat what was sent, and name hosts.
fn away(error: &RedisError) -> Away {
    let kind = error.code().unwrap_or_else(|| error.category());
    Away::Failed(kind.to_owned().into())
}

#[async_trait]
impl SharedLimiter for RedisLimiter {
    async fn try_admit(&self, key: &LimitKey, limit: Limit) -> Result<Decision, Away> {
        let span = info_span!(
            target: "traces",
            "limit",
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = "redis",
        );
        let counted = self.count(&format!("{PREFIX}{key}"), limit).instrument(span.clone()).await;
        if counted.is_err() {
            span.record("otel.status_code", "error");
        }
        counted
    }

    async fn probe(&self) -> Result<(), Away> {
        // The whole script, because a server can answer and still take no writes.
        let limit = Limit { attempts: std::num::NonZeroU32::MIN, window: Duration::from_micros(1) };
        if self.count(PROBE, limit).await.is_ok() {
            return Ok(());
        }
        let mut connection = self.connect().await?;
        self.count_by(&mut connection, PROBE, limit).await?;
        let mut line = self.line();
        *line = Line { connection: Some(connection), number: line.number + 1 };
        Ok(())
    }
}

impl fmt::Debug for RedisLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisLimiter")
    }
}
