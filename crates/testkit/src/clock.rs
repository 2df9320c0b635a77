//! A clock that moves when it is told to.

use std::sync::Mutex;

use time::{Duration, OffsetDateTime};
use vestibule_domain::ports::Clock;

/// Stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock(Mutex<OffsetDateTime>);

impl Default for ManualClock {
    /// Starts on 1 September 2026 at noon.
    fn default() -> Self {
        Self(Mutex::new(OffsetDateTime::UNIX_EPOCH + Duration::hours(496_764)))
    }
}

impl ManualClock {
    /// Moves the clock, forwards as a rule.
    ///
    /// # Panics
    /// When another test thread panicked while it held the clock.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}
