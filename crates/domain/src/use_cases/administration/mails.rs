//! The outbox, for administrators.

use super::Administration;
use crate::error::Error;
use crate::model::audit::AuditAction;
use crate::model::id::MailId;
use crate::model::mail::MailRecord;
use crate::use_cases::admin_context::AdminContext;

impl Administration {
    /// Lists mails before `before`, the newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn mails(
        &self,
        _by: &AdminContext,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, Error> {
        Ok(self.ports.store.list_mails(before, limit).await?)
    }

    /// Queues a mail again, due at once. An invalid link is not sent.
    ///
    /// # Errors
    /// `Forbidden` if the administrator rights were revoked meanwhile; `NotFound` if there is no such
    /// mail, or it is being sent; `Unavailable`, `Internal`.
    pub async fn resend(&self, by: &AdminContext, id: MailId) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        if let Some(actor) = by.actor() {
            by.still_stands(&unit.lock_users(&[actor.user.id]).await?)?;
        }
        if !unit.requeue_mail(id, self.ports.clock.now()).await? {
            return Err(Error::NotFound);
        }
        unit.record(&by.event(&self.ports, AuditAction::MailRequeued, None)).await?;
        unit.commit().await?;
        Ok(())
    }
}
