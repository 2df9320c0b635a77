//! What the store remembers about the installation itself.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::relay::{RelayTest, StoredRelay};
use crate::secret::SecretDigest;

/// What the installation remembers about itself.
#[async_trait]
pub trait Installation: Send {
    /// Keeps the description of the relay, in place of any earlier one.
    async fn save_relay(&mut self, relay: &StoredRelay) -> Result<(), StoreError>;

    /// Keeps what came of a test of the description saved at `saved_at`.
    ///
    /// Answers `false`, and changes nothing, when that description was replaced meanwhile.
    async fn note_relay_test(
        &mut self,
        saved_at: OffsetDateTime,
        test: &RelayTest,
    ) -> Result<bool, StoreError>;

    /// Keeps a set-up link, in place of any earlier one.
    async fn save_setup_link(
        &mut self,
        link: &SecretDigest,
        expires_at: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Spends the set-up link: of any number of concurrent units exactly one is answered `true`.
    ///
    /// `false`, and nothing changed, when there is none with that digest or it expired at `now`.
    async fn spend_setup_link(
        &mut self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
}
