//! No limits, for load tests and for operators who limit elsewhere.

use async_trait::async_trait;
use vestibule_domain::ports::{Decision, Limit, LimitKey, RateLimiter};

/// Admits every attempt and remembers none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

#[async_trait]
impl RateLimiter for Unlimited {
    async fn admit(&self, _: &LimitKey, _: Limit) -> Decision {
        Decision::Admitted
    }
}
