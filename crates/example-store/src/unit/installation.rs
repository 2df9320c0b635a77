//! What the installation remembers about itself.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::ports::{Installation, StoreError};
use vestibule_domain::relay::{RelayTest, StoredRelay};
use vestibule_domain::secret::SecretDigest;

use super::RedbUnit;
use crate::records::{SetupLink, TheRelay};

#[async_trait]
impl Installation for RedbUnit {
    async fn save_relay(&mut self, relay: &StoredRelay) -> Result<(), StoreError> {
        self.shelves()?.put(&TheRelay(StoredRelay { tested: None, ..relay.clone() }))
    }

    async fn note_relay_test(
        &mut self,
        saved_at: OffsetDateTime,
        test: &RelayTest,
    ) -> Result<bool, StoreError> {
        self.change(TheRelay::KEY, |TheRelay(relay)| {
            relay.tested = Some(test.clone());
            relay.saved_at == saved_at
        })
    }

    async fn save_setup_link(
        &mut self,
        link: &SecretDigest,
        expires_at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.shelves()?.put(&SetupLink { link: *link, expires_at })
    }

    async fn spend_setup_link(
        &mut self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut shelves = self.shelves()?;
        let kept: Option<SetupLink> = shelves.find(SetupLink::KEY)?;
        let is_live = kept.is_some_and(|kept| kept.is_live(link, now));
        if is_live {
            shelves.take::<SetupLink>(SetupLink::KEY)?;
        }
        Ok(is_live)
    }
}
