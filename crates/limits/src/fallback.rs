//! Shared limits while they can be had, and this node's own, stricter ones while they cannot.
//!
//! Nobody waits for a store that is away: the first attempts that notice give up after a quarter of
//! a second, all later ones are decided here at once, and a task in the background finds out when
//! the store is back.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use vestibule_domain::ports::{Decision, Limit, LimitKey, RateLimiter};

use crate::shared::{Away, SharedLimiter, in_time};

/// The most an attempt waits for the shared store.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often the store is looked after, whether it is there or not.
const PROBE_EVERY: Duration = Duration::from_millis(500);
/// A look includes connecting.
const PROBING: Duration = Duration::from_secs(2);
/// This node notes an admitted attempt a little later than the shared store did, by another clock.
const LAG: Duration = Duration::from_millis(500);

/// Limits that several nodes share, and that are never gone.
///
/// An attempt is admitted when the shared limiter and the local one admit it. So the local one knows
/// at every moment what this node has admitted, and a store that forgets everything, time and again,
/// still leaves a limit for each node.
///
/// While the shared limiter is away, the local one decides alone, by this node's share of the limit:
/// the attempts divided by the number of nodes, but at least one.
pub struct FallbackLimiter {
    both: Arc<Both>,
    /// Ends with the limiter.
    _watch: JoinSet<()>,
}

struct Both {
    shared: Arc<dyn SharedLimiter>,
    local: Arc<dyn RateLimiter>,
    nodes: NonZeroU32,
    phase: AtomicU64,
    /// Why the last phase ended, until the watch has told. Told there, because within a request the
    /// line would name its client, who has nothing to do with it.
    loss: Mutex<Option<Away>>,
}

/// A time in which the shared limiter was there, or was not. Phases are counted, so that a late
/// failure of one does not end a later one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Phase(u64);

impl Phase {
    const AWAY: Self = Self(0);

    /// The two kinds take turns.
    fn is_shared(self) -> bool {
        self.0 % 2 == 1
    }
}

impl FallbackLimiter {
    /// Joins two limiters on one of so many nodes; looks once for the shared one, for two seconds at
    /// most, and starts without it if it is not there.
    pub async fn start(
        shared: Arc<dyn SharedLimiter>,
        local: Arc<dyn RateLimiter>,
        nodes: NonZeroU32,
    ) -> Self {
        let phase = AtomicU64::new(Phase::AWAY.0);
        let both = Arc::new(Both { shared, local, nodes, phase, loss: Mutex::default() });
        match both.probe().await {
            Ok(()) => {
                both.phase.store(Phase::AWAY.0 + 1, Ordering::SeqCst);
            }
            Err(away) => warn(&away),
        }
        let mut watch = JoinSet::new();
        watch.spawn(Arc::clone(&both).watch());
        Self { both, _watch: watch }
    }

    /// Whether attempts are counted for all nodes at the moment.
    pub fn is_shared(&self) -> bool {
        self.both.phase().is_shared()
    }
}

impl Both {
    fn phase(&self) -> Phase {
        Phase(self.phase.load(Ordering::SeqCst))
    }

    /// Ends a phase, if it has not ended already; answers whether it did.
    fn end(&self, phase: Phase) -> bool {
        let next = phase.0.wrapping_add(1);
        self.phase.compare_exchange(phase.0, next, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Notes that the shared limiter has failed in a phase.
    fn leave(&self, phase: Phase, away: Away) {
        if phase.is_shared() && self.end(phase) {
            *self.loss() = Some(away);
        }
    }

    fn loss(&self) -> MutexGuard<'_, Option<Away>> {
        self.loss.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_of_loss(&self) {
        let loss = self.loss().take();
        if let Some(away) = loss {
            warn(&away);
        }
    }

    async fn probe(&self) -> Result<(), Away> {
        in_time(PROBING, self.shared.probe()).await
    }

    async fn watch(self: Arc<Self>) {
        let mut pace = interval(PROBE_EVERY);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            self.tell_of_loss();
            let phase = self.phase();
            let found = self.probe().await;
            let is_back = found.is_ok() && !phase.is_shared();
            if let Err(away) = found {
                self.leave(phase, away);
            }
            self.tell_of_loss();
            if is_back {
                self.end(phase);
                tracing::info!("the shared limits are back");
            }
        }
    }

    async fn ask_shared(&self, key: &LimitKey, limit: Limit) -> Result<Decision, Away> {
        in_time(PATIENCE, self.shared.try_admit(key, limit)).await
    }

    /// What one node may admit when it does not know what the others do.
    fn share(&self, limit: Limit) -> Limit {
        let attempts = NonZeroU32::new(limit.attempts.get() / self.nodes);
        Limit { attempts: attempts.unwrap_or(NonZeroU32::MIN), ..limit }
    }
}

/// A limit that refuses nothing a shared store rightly admits.
///
/// An attempt the store has counted and this node then refused would be taken from the client.
fn without_lag(limit: Limit) -> Limit {
    Limit { window: limit.window.saturating_sub(LAG).max(limit.window / 2), ..limit }
}

fn warn(away: &Away) {
    tracing::warn!(
        reason = %away,
        "the shared limits are away; this node limits by itself, more strictly"
    );
}

#[async_trait]
impl RateLimiter for FallbackLimiter {
    async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision {
        let both = &self.both;
        let phase = both.phase();
        if phase.is_shared() {
            match both.ask_shared(key, limit).await {
                // Counted here as well, for when the store goes away, or forgets.
                Ok(Decision::Admitted) => return both.local.admit(key, without_lag(limit)).await,
                Ok(refused) => return refused,
                Err(away) => both.leave(phase, away),
            }
        }
        both.local.admit(key, both.share(limit)).await
    }
}

impl fmt::Debug for FallbackLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.is_shared();
        f.debug_struct("FallbackLimiter").field("is_shared", &shared).finish_non_exhaustive()
    }
}
