//! A limiter in Redis or Valkey.
//!
//! A script counts and decides atomically with the clock of the server. Only
//! [`RedisLimiter::probe`] connects; a call that finds the connection broken or unresponsive drops
//! it, and the next probe opens a new one.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, Script, ServerErrorKind};
use async_trait::async_trait;
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};
use vestibule_domain::ports::{Decision, Limit, LimitKey};

use crate::shared::{SharedLimiter, Unavailable, with_timeout};

const ADMIT: &str = include_str!("redis/admit.lua");
/// Prefix of all keys; the number is the version of the data format.
const PREFIX: &str = "vestibule:limit:1:";
/// Key of probes, distinct from keys of attempts, which start with the action.
const PROBE: &str = "vestibule:limit:1:probe";
/// Maximum time to count an attempt; a slower server is treated as unavailable.
const TIMEOUT: Duration = Duration::from_millis(200);
/// Maximum time to connect, which can take several round trips. Requests do not wait for it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum number of concurrent requests to the server.
const MAX_IN_FLIGHT: usize = 1024;

/// The address of a Redis server with its credentials, which are not part of the `Debug` output.
#[derive(Clone)]
pub struct RedisAddress(Client);

/// The text is not the address of a Redis server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid address, expected redis://user:password@host:port/database")]
pub struct InvalidRedisAddress;

impl RedisAddress {
    /// Parses `redis://user:password@host:port/database`, or `rediss://` for TLS; only the host is
    /// required.
    ///
    /// # Errors
    /// [`InvalidRedisAddress`] if the text is not an address or has a fragment: the client supports
    /// a fragment that disables certificate verification.
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

/// A limiter for all nodes that use the same Redis server and database.
///
/// The server stores one list per key with at most as many times as the limit admits. The list
/// expires a second after the window.
pub struct RedisLimiter {
    client: Client,
    /// SHA-1 of the script, for `EVALSHA`.
    script: String,
    current: Mutex<Current>,
}

/// The connection in use.
#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    /// Number of this connection, so that a late failure does not drop a newer one.
    number: u64,
}

impl RedisLimiter {
    /// Creates a limiter without connecting; the first probe connects.
    pub fn new(address: &RedisAddress) -> Self {
        // The client panics if the process has no default crypto provider. The call fails if one is
        // already installed, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let script = Script::new(ADMIT).get_hash().to_owned();
        Self { client: address.0.clone(), script, current: Mutex::default() }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self) -> Option<(MultiplexedConnection, u64)> {
        let current = self.current();
        current.connection.clone().map(|connection| (connection, current.number))
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Unavailable> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_concurrency_limit(MAX_IN_FLIGHT);
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let connected = async { connecting.await.map_err(|error| unavailable(&error)) };
        with_timeout(CONNECT_TIMEOUT, connected).await
    }

    /// Counts with the connection in use, and drops it if it fails.
    async fn count(&self, key: &str, limit: Limit) -> Result<Decision, Unavailable> {
        let (mut connection, number) = self.connection().ok_or(Unavailable::NotConnected)?;
        let counted = self.count_with(&mut connection, key, limit).await;
        let mut current = self.current();
        if counted.is_err() && current.number == number {
            current.connection = None;
        }
        counted
    }

    async fn count_with(
        &self,
        connection: &mut MultiplexedConnection,
        key: &str,
        limit: Limit,
    ) -> Result<Decision, Unavailable> {
        let request = async {
            let reply = call("EVALSHA", &self.script, key, limit).query_async(connection).await;
            match reply {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    call("EVAL", ADMIT, key, limit).query_async(connection).await
                }
                reply => reply,
            }
            .map_err(|error| unavailable(&error))
        };
        let wait: u64 = with_timeout(TIMEOUT, request).await?;
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

/// Converts an error to its kind; the details can contain the request and host names.
fn unavailable(error: &RedisError) -> Unavailable {
    let kind = error.code().unwrap_or_else(|| error.category());
    Unavailable::Failed(kind.to_owned().into())
}

#[async_trait]
impl SharedLimiter for RedisLimiter {
    async fn try_admit(&self, key: &LimitKey, limit: Limit) -> Result<Decision, Unavailable> {
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

    async fn probe(&self) -> Result<(), Unavailable> {
        // Runs the whole script, because a server can reply and still reject writes.
        let limit = Limit { attempts: std::num::NonZeroU32::MIN, window: Duration::from_micros(1) };
        if self.count(PROBE, limit).await.is_ok() {
            return Ok(());
        }
        let mut connection = self.connect().await?;
        self.count_with(&mut connection, PROBE, limit).await?;
        let mut current = self.current();
        *current = Current { connection: Some(connection), number: current.number + 1 };
        Ok(())
    }
}

impl fmt::Debug for RedisLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisLimiter")
    }
}
