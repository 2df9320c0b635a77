//! Data of the installation in the store: SMTP settings and the setup link.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::model::secret::SecretDigest;
use crate::model::smtp_settings::{SmtpTest, StoredSmtpSettings};

/// SMTP settings and the setup link.
#[async_trait]
pub trait InstallationStore: Send {
    /// Saves the SMTP settings, replacing earlier ones.
    async fn save_smtp_settings(&mut self, smtp: &StoredSmtpSettings) -> Result<(), StoreError>;

    /// Saves the result of a test of the settings saved at `saved_at`.
    ///
    /// Returns `false`, and changes nothing, if those settings were replaced meanwhile.
    async fn record_smtp_test(
        &mut self,
        saved_at: OffsetDateTime,
        test: &SmtpTest,
    ) -> Result<bool, StoreError>;

    /// Saves a setup link, replacing an earlier one.
    async fn save_setup_link(
        &mut self,
        link: &SecretDigest,
        expires_at: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Uses up the setup link: of any number of concurrent units exactly one gets `true`.
    ///
    /// Returns `false`, and changes nothing, if there is none with that digest or it expired at `now`.
    async fn spend_setup_link(
        &mut self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
}
