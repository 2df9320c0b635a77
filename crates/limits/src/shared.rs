//! The interface of limiters that several nodes share.

use std::borrow::Cow;
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use vestibule_domain::ports::{Decision, Limit, LimitKey};

/// A rate limiter for several nodes.
///
/// Unlike [`vestibule_domain::ports::RateLimiter`], it can be unavailable.
#[async_trait]
pub trait SharedLimiter: Send + Sync {
    /// Counts an attempt and decides, atomically.
    ///
    /// If the reply is lost, the attempt may have been counted, which makes the limit stricter.
    /// Never connects. The future can be dropped at any time without affecting other calls.
    ///
    /// # Errors
    /// [`Unavailable`] if the attempt could not be counted.
    async fn try_admit(&self, key: &LimitKey, limit: Limit) -> Result<Decision, Unavailable>;

    /// Checks that attempts can be counted, by counting one; connects if necessary.
    ///
    /// # Errors
    /// [`Unavailable`] if the attempt could not be counted.
    async fn probe(&self) -> Result<(), Unavailable>;
}

/// The reason why a shared limiter is unavailable. Contains no secrets and no addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// There is no connection.
    #[error("not connected")]
    NotConnected,
    /// The reply did not arrive in time.
    #[error("timed out")]
    TimedOut,
    /// The server returned an error, or the connection failed.
    #[error("{0}")]
    Failed(Cow<'static, str>),
}

/// Number of steps a timeout is divided into.
const STEPS: u32 = 5;

/// Waits for a reply until a timeout.
///
/// The timeout is divided into steps, each of which starts when this task runs. So a process that
/// is too busy to read a reply does not treat it as missing.
pub(crate) async fn with_timeout<T>(
    duration: Duration,
    request: impl Future<Output = Result<T, Unavailable>>,
) -> Result<T, Unavailable> {
    let mut request = pin!(request);
    for _ in 0..STEPS {
        if let Ok(reply) = timeout(duration / STEPS, request.as_mut()).await {
            return reply;
        }
    }
    Err(Unavailable::TimedOut)
}
