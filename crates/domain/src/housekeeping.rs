//! Clearing away what is over.

use crate::error::Error;
use crate::policy::OutboxPolicy;
use crate::ports::Ports;

/// How many of each kind are deleted at a time: a unit holds up every other on SQLite.
const BATCH: u32 = 500;

/// Deletes what ended long ago.
pub struct Housekeeping {
    ports: Ports,
    policy: OutboxPolicy,
}

impl Housekeeping {
    /// Wires the use case.
    pub fn new(ports: Ports, policy: OutboxPolicy) -> Self {
        Self { ports, policy }
    }

    /// Deletes mails, reset links and sessions that have been over for longer than the policy
    /// keeps them.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn run_once(&self) -> Result<(), Error> {
        let before = self.ports.clock.now() - self.policy.keep;
        loop {
            let mut unit = self.ports.store.begin().await?;
            let more = unit.purge(before, BATCH).await?;
            unit.commit().await?;
            if !more {
                return Ok(());
            }
        }
    }
}
