//! A rate limiter without a clock.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use vestibule_domain::ports::{Decision, Limit, LimitKey, RateLimiter};

/// Admits attempts up to the limit of each key, and then none until it is reset.
#[derive(Debug, Default)]
pub struct CountingLimiter {
    attempts: Mutex<HashMap<LimitKey, u32>>,
}

impl CountingLimiter {
    /// Resets all counts, as if the window had passed.
    ///
    /// # Panics
    /// If another test thread panicked while it held the lock.
    pub fn forget(&self) {
        self.attempts.lock().unwrap().clear();
    }
}

#[async_trait]
impl RateLimiter for CountingLimiter {
    async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision {
        let mut attempts = self.attempts.lock().unwrap();
        let made = attempts.entry(key.clone()).or_default();
        if *made >= limit.attempts.get() {
            return Decision::Refused { retry_after: Duration::from_secs(1) };
        }
        *made += 1;
        Decision::Admitted
    }
}
