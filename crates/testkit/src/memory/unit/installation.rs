//! SMTP settings and the setup link.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::smtp_settings::{SmtpSettings, SmtpTest, StoredSmtpSettings};
use vestibule_domain::ports::{InstallationStore, StoreError};

use super::MemoryUnit;

#[async_trait]
impl InstallationStore for MemoryUnit {
    async fn save_smtp_settings(&mut self, smtp: &StoredSmtpSettings) -> Result<(), StoreError> {
        // As a database, it has no place for a password that is not sealed.
        let description = SmtpSettings { credentials: None, ..smtp.smtp.clone() };
        let untested = StoredSmtpSettings { smtp: description, tested: None, ..smtp.clone() };
        self.state.smtp = Some(untested);
        Ok(())
    }

    async fn record_smtp_test(
        &mut self,
        saved_at: OffsetDateTime,
        test: &SmtpTest,
    ) -> Result<bool, StoreError> {
        let smtp = self.state.smtp.as_mut().filter(|smtp| smtp.saved_at == saved_at);
        Ok(smtp.map(|smtp| smtp.tested = Some(test.clone())).is_some())
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
