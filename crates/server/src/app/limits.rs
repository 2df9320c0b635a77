//! Who counts attempts: this process, or a Redis for all nodes.

use std::sync::Arc;

use vestibule_domain::ports::RateLimiter;
use vestibule_limits::{FallbackLimiter, MemoryLimiter, RedisLimiter};

use crate::config::Config;

/// Who counts.
pub(super) enum Limiter {
    /// This process.
    Local(Arc<MemoryLimiter>),
    /// All nodes together, as long as their Redis is there.
    Shared(Arc<FallbackLimiter>),
}

impl Limiter {
    /// As a port.
    pub(super) fn port(&self) -> Arc<dyn RateLimiter> {
        match self {
            Self::Local(limiter) => limiter.clone(),
            Self::Shared(limiter) => limiter.clone(),
        }
    }

    /// The one that is shared, if it is.
    pub(super) fn shared(&self) -> Option<Arc<FallbackLimiter>> {
        match self {
            Self::Local(_) => None,
            Self::Shared(limiter) => Some(limiter.clone()),
        }
    }
}

/// The limiter. With a Redis that is away it takes some moments, and begins without it.
pub(super) async fn limiter(config: &Config) -> Limiter {
    let local = Arc::new(MemoryLimiter::default());
    match &config.redis {
        Some(redis) if config.policy.limits.enabled => {
            let shared = Arc::new(RedisLimiter::new(&redis.address));
            let limiter = FallbackLimiter::start(shared, local, redis.nodes).await;
            Limiter::Shared(Arc::new(limiter))
        }
        _ => Limiter::Local(local),
    }
}
