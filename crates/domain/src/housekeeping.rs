//! Clearing away what is over.

use time::Duration;

use crate::error::Error;
use crate::policy::Policy;
use crate::ports::Ports;

/// How many of each kind are deleted at a time: a unit holds up every other on SQLite.
const BATCH: u32 = 500;

/// No access token lives longer, whatever the configuration was when it was made.
const ENDED_SESSIONS_KEPT: Duration = Duration::hours(25);

/// Deletes what ended long ago.
pub struct Housekeeping {
    ports: Ports,
    policy: Policy,
}

impl Housekeeping {
    /// Wires the use case.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        Self { ports, policy }
    }

    /// Deletes mails, reset links, sessions, events and strangers' wrong passwords that have been
    /// over for longer than the policy keeps them.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn run_once(&self) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let Policy { outbox, audit, failures, .. } = &self.policy;
        loop {
            let mut unit = self.ports.store.begin().await?;
            let ended = unit.purge(now - outbox.keep, BATCH).await?;
            let events = unit.purge_events(now - audit.keep, BATCH).await?;
            let counts = unit.purge_failures(now - failures.keep, BATCH).await?;
            let sessions = unit.forget_ended_sessions(now - ENDED_SESSIONS_KEPT, BATCH).await?;
            unit.commit().await?;
            if !(ended || events || counts || sessions) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::UnitOfWork;
    use crate::ports::mocks::{MockUnit, Scene};

    #[tokio::test]
    async fn a_full_batch_is_followed_by_another_in_a_unit_of_its_own() {
        let mut scene = Scene::default();
        let mut answers = vec![false, true];
        scene.store.expect_begin().times(2).returning(move || {
            let more = answers.pop().unwrap();
            let mut unit = MockUnit::new();
            unit.expect_purge().once().returning(move |_, _| Ok(more));
            unit.expect_purge_events().once().returning(|_, _| Ok(false));
            unit.expect_purge_failures().once().returning(|_, _| Ok(false));
            unit.expect_forget_ended_sessions().once().returning(|_, _| Ok(false));
            unit.expect_commit().once().returning(|| Ok(()));
            Ok(Box::new(unit) as Box<dyn UnitOfWork>)
        });
        let housekeeping = Housekeeping::new(scene.ports(), Policy::default());
        housekeeping.run_once().await.unwrap();
    }
}
