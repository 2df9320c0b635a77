//! Faults of rate limits: fixed windows, no limit without Redis, and trust in all proxies.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use vestibule_domain::ports::{Decision, Limit, LimitKey, RateLimiter};
use vestibule_limits::{FallbackLimiter, RedisLimiter};

use crate::config::RedisConfig;

/// All networks.
pub(super) fn all_networks() -> Vec<IpNet> {
    let v4 = Ipv4Net::new(Ipv4Addr::UNSPECIFIED, 0).map(IpNet::from);
    let v6 = Ipv6Net::new(Ipv6Addr::UNSPECIFIED, 0).map(IpNet::from);
    [v4, v6].into_iter().flatten().collect()
}

/// Counts in fixed windows.
pub(super) struct FixedWindow {
    start: Instant,
    counts: Mutex<HashMap<LimitKey, (u64, u32)>>,
}

impl Default for FixedWindow {
    fn default() -> Self {
        Self { start: Instant::now(), counts: Mutex::default() }
    }
}

#[async_trait]
impl RateLimiter for FixedWindow {
    async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision {
        let elapsed = self.start.elapsed().as_secs();
        let window = elapsed / limit.window.as_secs().max(1);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (counted_in, count) = counts.entry(key.clone()).or_default();
        if *counted_in != window {
            (*counted_in, *count) = (window, 0);
        }
        if *count < limit.attempts.get() {
            *count += 1;
            return Decision::Admitted;
        }
        let end = limit.window * u32::try_from(window + 1).unwrap_or(u32::MAX);
        let retry_after = end.saturating_sub(Duration::from_secs(elapsed));
        Decision::Refused { retry_after }
    }
}

/// The fallback while Redis is unavailable.
struct Open;

#[async_trait]
impl RateLimiter for Open {
    async fn admit(&self, _: &LimitKey, _: Limit) -> Decision {
        Decision::Admitted
    }
}

/// A limiter that admits all attempts while Redis is unavailable.
pub(super) async fn open_when_away(redis: &RedisConfig) -> Arc<dyn RateLimiter> {
    let shared = Arc::new(RedisLimiter::new(&redis.address));
    Arc::new(FallbackLimiter::start(shared, Arc::new(Open), redis.nodes).await)
}
