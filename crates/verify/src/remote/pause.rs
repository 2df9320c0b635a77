//! Backoff after failed requests to the issuer.

use std::time::Duration;

/// Pause after the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// Longest pause.
pub(super) const LONGEST: Duration = Duration::from_secs(30);

/// Counts consecutive failures and computes the pause after each. Half of it is random, so that
/// clients do not retry at the same time.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Records a success, which resets the count.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Records a failure, and returns the pause.
    pub(super) fn fail(&mut self) -> Duration {
        let bound = FIRST.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        let half = bound.min(LONGEST) / 2;
        // Without randomness the pause has its maximum length.
        let chance = getrandom::u32().unwrap_or(u32::MAX);
        half + half.mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute_and_differ() {
        let mut backoff = Backoff::default();
        for bound in [1, 2, 4, 8, 16, 30, 30, 30] {
            let (pause, bound) = (backoff.fail(), Duration::from_secs(bound));
            assert!(pause >= bound / 2 && pause <= bound, "{pause:?} of {bound:?}");
        }
        for _ in 0..100 {
            assert!(backoff.fail() <= LONGEST);
        }
        assert_ne!(backoff.fail(), backoff.fail());
        backoff.reset();
        assert!(backoff.fail() <= FIRST);
    }
}
