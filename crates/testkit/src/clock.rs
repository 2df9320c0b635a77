//! A clock that is set by tests.

use std::sync::Mutex;

use time::{Duration, OffsetDateTime};
use vestibule_domain::ports::Clock;

/// A clock that stands still until a test advances it.
#[derive(Debug)]
pub struct ManualClock(Mutex<OffsetDateTime>);

impl Default for ManualClock {
    /// Starts on 1 September 2026 at noon, UTC.
    fn default() -> Self {
        Self(Mutex::new(OffsetDateTime::UNIX_EPOCH + Duration::hours(496_764)))
    }
}

impl ManualClock {
    /// Moves the clock by a duration, usually forwards.
    ///
    /// # Panics
    /// If another test thread panicked while it held the lock.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}
