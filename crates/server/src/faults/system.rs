//! Faults of the system: a shifted clock, a memory leak, and an abrupt end at SIGTERM.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use tokio::signal::unix::{SignalKind, signal};
use vestibule_domain::ports::{Clock, Random, SystemClock};

use crate::failure::Failure;

/// Number of bytes that leak for each draw of random bytes.
const LEAK: usize = 32 * 1024 * 1024;

/// A clock with an offset.
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

/// Leaks memory at each call.
pub(super) struct LeakyRandom(pub(super) Arc<dyn Random>);

impl Random for LeakyRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
        // Not zeros, which would not be resident.
        std::mem::forget(vec![1_u8; LEAK]);
    }
}

/// Ends the process at once at SIGTERM.
pub(super) fn die_on_terminate() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    #[expect(clippy::disallowed_methods, reason = "ends with the process")]
    tokio::spawn(async move {
        terminate.recv().await;
        std::process::exit(0);
    });
    Ok(())
}
