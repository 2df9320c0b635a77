//! Who counts attempts: this process, or a Redis for all nodes.

use std::sync::Arc;

use vestibule_domain::ports::RateLimiter;
use vestibule_limits::{FallbackLimiter, MemoryLimiter, RedisLimiter};

use crate::config::Config;

/// The limiter. With a Redis that is away it takes some moments, and begins without it.
pub(super) async fn limiter(config: &Config) -> Arc<dyn RateLimiter> {
    let local = Arc::new(MemoryLimiter::default());
    match &config.redis {
        Some(redis) if config.policy.limits.enabled => {
            let shared = Arc::new(RedisLimiter::new(&redis.address));
            Arc::new(FallbackLimiter::start(shared, local, redis.nodes).await)
        }
        _ => local,
    }
}
