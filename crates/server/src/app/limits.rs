//! The rate limiter: in memory, or shared through Redis.

use std::sync::Arc;

use vestibule_domain::ports::RateLimiter;
use vestibule_limits::{FallbackLimiter, MemoryLimiter, RedisLimiter};

use crate::config::Config;

/// The rate limiter.
pub(super) enum Limiter {
    /// In the memory of this process.
    Local(Arc<MemoryLimiter>),
    /// Shared by all nodes through Redis, in memory while Redis is unavailable.
    Shared(Arc<FallbackLimiter>),
}

impl Limiter {
    /// Returns the limiter as a port.
    pub(super) fn port(&self) -> Arc<dyn RateLimiter> {
        match self {
            Self::Local(limiter) => limiter.clone(),
            Self::Shared(limiter) => limiter.clone(),
        }
    }

    /// Returns the shared limiter, if Redis is configured.
    pub(super) fn shared(&self) -> Option<Arc<FallbackLimiter>> {
        match self {
            Self::Local(_) => None,
            Self::Shared(limiter) => Some(limiter.clone()),
        }
    }
}

/// Creates the limiter. Starts in memory after a short timeout if Redis is unavailable.
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
