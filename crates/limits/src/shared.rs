//! Counting that several nodes share, and that can be out of reach.

use std::borrow::Cow;
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use vestibule_domain::ports::{Decision, Limit, LimitKey};

/// Counts attempts for several nodes, as [`vestibule_domain::ports::RateLimiter`] does for one,
/// but for that it may fail.
#[async_trait]
pub trait SharedLimiter: Send + Sync {
    /// Counts one attempt and decides, in one atomic step.
    ///
    /// An attempt whose answer is lost may have been counted: losing it makes a limit stricter.
    /// Never connects, and may be dropped at any moment without harm to others.
    ///
    /// # Errors
    /// [`Away`] when there is nobody to ask.
    async fn try_admit(&self, key: &LimitKey, limit: Limit) -> Result<Decision, Away>;

    /// Finds out, by doing it, whether attempts can be counted; connects if need be.
    ///
    /// # Errors
    /// [`Away`] when they cannot.
    async fn probe(&self) -> Result<(), Away>;
}

/// Why a shared limiter cannot be asked. Holds nothing secret, and no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Away {
    /// There is no connection.
    #[error("not connected")]
    NotConnected,
    /// It takes too long.
    #[error("no answer in time")]
    TimedOut,
    /// It says no, or the connection broke.
    #[error("{0}")]
    Failed(Cow<'static, str>),
}

/// Steps in which patience is counted.
const STEPS: u32 = 5;

/// Waits for an answer, but not longer than patience lasts.
///
/// Counted in steps, each of which begins when this process gets round to it: one that is too busy
/// to read an answer does not take it for one that is missing.
pub(crate) async fn in_time<T>(
    patience: Duration,
    asking: impl Future<Output = Result<T, Away>>,
) -> Result<T, Away> {
    let mut asking = pin!(asking);
    for _ in 0..STEPS {
        if let Ok(answer) = timeout(patience / STEPS, asking.as_mut()).await {
            return answer;
        }
    }
    Err(Away::TimedOut)
}
