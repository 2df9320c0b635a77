//! A clock that is set, random numbers that cost memory, and a process that dies when it is told to
//! stop.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use tokio::signal::unix::{SignalKind, signal};
use vestibule_domain::ports::{Clock, Random, SystemClock};

use crate::failure::Failure;

/// What random bytes cost, which are drawn for the ids of many requests at a time.
const LEAK: usize = 32 * 1024 * 1024;

/// A clock that is ahead by so much, or behind.
pub(super) struct SetClock {
    clock: SystemClock,
    offset: Duration,
}

impl SetClock {
    pub(super) fn new(clock: SystemClock, seconds: i64) -> Self {
        Self { clock, offset: Duration::seconds(seconds) }
    }
}

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        self.clock.now().saturating_add(self.offset)
    }
}

/// Keeps some memory whenever it is asked.
pub(super) struct LeakyRandom(pub(super) Arc<dyn Random>);

impl Random for LeakyRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
        // Ones: pages of zeros would not be resident.
        std::mem::forget(vec![1_u8; LEAK]);
    }
}

/// Ends the process at SIGTERM, whatever it is doing.
pub(super) fn die_on_terminate() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    #[expect(clippy::disallowed_methods, reason = "ends with the process")]
    tokio::spawn(async move {
        terminate.recv().await;
        std::process::exit(0);
    });
    Ok(())
}
