//! SMTP settings and the setup link.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::smtp_settings::{SmtpTest, StoredSmtpSettings};
use vestibule_domain::ports::{InstallationStore, StoreError};

use super::RedbUnit;
use crate::records::{SetupLink, TheSmtpServer};

#[async_trait]
impl InstallationStore for RedbUnit {
    async fn save_smtp_settings(&mut self, smtp: &StoredSmtpSettings) -> Result<(), StoreError> {
        self.shelves()?.put(&TheSmtpServer(StoredSmtpSettings { tested: None, ..smtp.clone() }))
    }

    async fn record_smtp_test(
        &mut self,
        saved_at: OffsetDateTime,
        test: &SmtpTest,
    ) -> Result<bool, StoreError> {
        self.change(TheSmtpServer::KEY, |TheSmtpServer(smtp)| {
            smtp.tested = Some(test.clone());
            smtp.saved_at == saved_at
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
