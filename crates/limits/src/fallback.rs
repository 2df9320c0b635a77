//! Shared limits while the store is available, and stricter local limits while it is not.
//!
//! Requests do not wait for an unavailable store: the first attempts fail after a quarter of a
//! second, all later ones are decided locally without delay, and a background task detects when
//! the store is available again.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use vestibule_domain::ports::{Decision, Limit, LimitKey, RateLimiter};

use crate::shared::{SharedLimiter, Unavailable, with_timeout};

/// Maximum time an attempt waits for the shared store.
const TIMEOUT: Duration = Duration::from_millis(250);
/// Interval of the probes.
const PROBE_INTERVAL: Duration = Duration::from_millis(500);
/// Maximum duration of a probe, which can include connecting.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Allowed difference between the times at which the shared store and this node record an attempt,
/// with different clocks.
const LAG: Duration = Duration::from_millis(500);

/// A limiter shared by several nodes, with a local fallback.
///
/// An attempt is admitted if the shared and the local limiter admit it. So the local limiter has
/// recorded all attempts this node has admitted, and each node still has a limit if the store loses
/// its data repeatedly.
///
/// While the shared limiter is unavailable, the local limiter decides alone with this node's share
/// of the limit: the attempts divided by the number of nodes, but at least one.
pub struct FallbackLimiter {
    limiters: Arc<Limiters>,
    /// Background task, aborted when the limiter is dropped.
    _watch: JoinSet<()>,
}

struct Limiters {
    shared: Arc<dyn SharedLimiter>,
    local: Arc<dyn RateLimiter>,
    nodes: NonZeroU32,
    phase: AtomicU64,
    /// Reason why the last phase ended, until the background task has logged it. Within a request,
    /// the log line would contain the client of the request, which is unrelated.
    failure: Mutex<Option<Unavailable>>,
}

/// A period in which the shared limiter is available or unavailable. Phases are numbered, so that a
/// late failure of one phase does not end a later one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Phase(u64);

impl Phase {
    const INITIAL: Self = Self(0);

    /// Returns `true` if the shared limiter is available; the two kinds of phases alternate.
    fn is_shared(self) -> bool {
        self.0 % 2 == 1
    }
}

impl FallbackLimiter {
    /// Combines two limiters on one of `nodes` nodes.
    ///
    /// Probes the shared limiter once, for at most two seconds, and starts without it if it is
    /// unavailable.
    pub async fn start(
        shared: Arc<dyn SharedLimiter>,
        local: Arc<dyn RateLimiter>,
        nodes: NonZeroU32,
    ) -> Self {
        let phase = AtomicU64::new(Phase::INITIAL.0);
        let failure = Mutex::default();
        let limiters = Arc::new(Limiters { shared, local, nodes, phase, failure });
        match limiters.probe().await {
            Ok(()) => {
                limiters.phase.store(Phase::INITIAL.0 + 1, Ordering::SeqCst);
            }
            Err(reason) => warn(&reason),
        }
        let mut watch = JoinSet::new();
        watch.spawn(Arc::clone(&limiters).watch());
        Self { limiters, _watch: watch }
    }

    /// Returns `true` if attempts are currently counted for all nodes.
    pub fn is_shared(&self) -> bool {
        self.limiters.phase().is_shared()
    }
}

impl Limiters {
    fn phase(&self) -> Phase {
        Phase(self.phase.load(Ordering::SeqCst))
    }

    /// Ends a phase; returns `false` if it has already ended.
    fn end(&self, phase: Phase) -> bool {
        let next = phase.0.wrapping_add(1);
        self.phase.compare_exchange(phase.0, next, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Records that the shared limiter has failed in a phase.
    fn record_failure(&self, phase: Phase, reason: Unavailable) {
        if phase.is_shared() && self.end(phase) {
            *self.failure() = Some(reason);
        }
    }

    fn failure(&self) -> MutexGuard<'_, Option<Unavailable>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_failure(&self) {
        let failure = self.failure().take();
        if let Some(reason) = failure {
            warn(&reason);
        }
    }

    async fn probe(&self) -> Result<(), Unavailable> {
        with_timeout(PROBE_TIMEOUT, self.shared.probe()).await
    }

    async fn watch(self: Arc<Self>) {
        let mut interval = interval(PROBE_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.log_failure();
            let phase = self.phase();
            let result = self.probe().await;
            let is_restored = result.is_ok() && !phase.is_shared();
            if let Err(reason) = result {
                self.record_failure(phase, reason);
            }
            self.log_failure();
            if is_restored {
                self.end(phase);
                tracing::info!("shared rate limits available again");
            }
        }
    }

    async fn try_shared(&self, key: &LimitKey, limit: Limit) -> Result<Decision, Unavailable> {
        with_timeout(TIMEOUT, self.shared.try_admit(key, limit)).await
    }

    /// Returns the limit of one node while the nodes cannot share their counts.
    fn share(&self, limit: Limit) -> Limit {
        let attempts = NonZeroU32::new(limit.attempts.get() / self.nodes);
        Limit { attempts: attempts.unwrap_or(NonZeroU32::MIN), ..limit }
    }
}

/// Returns a limit that admits every attempt the shared store has correctly admitted.
///
/// An attempt that the store has counted and this node then refused would be lost for the client.
fn without_lag(limit: Limit) -> Limit {
    Limit { window: limit.window.saturating_sub(LAG).max(limit.window / 2), ..limit }
}

fn warn(reason: &Unavailable) {
    tracing::warn!(%reason, "shared rate limits unavailable, using stricter local limits");
}

#[async_trait]
impl RateLimiter for FallbackLimiter {
    async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision {
        let limiters = &self.limiters;
        let phase = limiters.phase();
        if phase.is_shared() {
            match limiters.try_shared(key, limit).await {
                // Counted locally as well, in case the store becomes unavailable or loses its data.
                Ok(Decision::Admitted) => {
                    return limiters.local.admit(key, without_lag(limit)).await;
                }
                Ok(refused) => return refused,
                Err(reason) => limiters.record_failure(phase, reason),
            }
        }
        limiters.local.admit(key, limiters.share(limit)).await
    }
}

impl fmt::Debug for FallbackLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.is_shared();
        f.debug_struct("FallbackLimiter").field("is_shared", &shared).finish_non_exhaustive()
    }
}
