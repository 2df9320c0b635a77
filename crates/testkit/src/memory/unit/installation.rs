//! What the installation remembers about itself.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::ports::{Installation, StoreError};
use vestibule_domain::relay::{Relay, RelayTest, StoredRelay};
use vestibule_domain::secret::SecretDigest;

use super::MemoryUnit;

#[async_trait]
impl Installation for MemoryUnit {
    async fn save_relay(&mut self, relay: &StoredRelay) -> Result<(), StoreError> {
        // As a database, it has no place for a password that is not sealed.
        let description = Relay { credentials: None, ..relay.relay.clone() };
        let untested = StoredRelay { relay: description, tested: None, ..relay.clone() };
        self.state.relay = Some(untested);
        Ok(())
    }

    async fn note_relay_test(
        &mut self,
        saved_at: OffsetDateTime,
        test: &RelayTest,
    ) -> Result<bool, StoreError> {
        let relay = self.state.relay.as_mut().filter(|relay| relay.saved_at == saved_at);
        Ok(relay.map(|relay| relay.tested = Some(test.clone())).is_some())
    }

    async fn save_setup_link(
        &mut self,
        link: &SecretDigest,
        expires_at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.state.setup_link = Some((*link, expires_at));
        Ok(())
    }

    async fn spend_setup_link(
        &mut self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let live = self.state.is_setup_link_live(link, now);
        if live {
            self.state.setup_link = None;
        }
        Ok(live)
    }
}
