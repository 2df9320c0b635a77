//! Deletion of old rows.

use time::Duration;

use crate::error::Error;
use crate::model::policy::Policy;
use crate::ports::Ports;

/// Number of rows of each kind per unit, because a unit blocks all others on SQLite.
const BATCH: u32 = 500;

/// Upper bound of the lifetime of access tokens, under any configuration.
const ENDED_SESSIONS_KEPT: Duration = Duration::hours(25);

/// Deletes rows after their retention.
pub struct Housekeeping {
    ports: Ports,
    policy: Policy,
}

impl Housekeeping {
    /// Creates the use case.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        Self { ports, policy }
    }

    /// Deletes finished mails, expired links and sessions, audit events, and failure counts of addresses
    /// without an account, after their retention.
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
    async fn a_full_batch_is_followed_by_another_in_its_own_unit() {
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
