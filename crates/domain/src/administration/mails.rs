//! What administrators see of mails, and do about them.

use super::Administration;
use crate::audit::EventKind;
use crate::authority::Authority;
use crate::error::Error;
use crate::id::MailId;
use crate::mail::MailRecord;

impl Administration {
    /// Lists mails, the newest first, from the one before `before`.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn mails(
        &self,
        _by: &Authority,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, Error> {
        Ok(self.ports.store.list_mails(before, limit).await?)
    }

    /// Has a mail sent again at once. A link that does not work any more is not sent.
    ///
    /// # Errors
    /// `Forbidden` when the right was taken meanwhile; `NotFound` when there is no such mail, or it
    /// is on its way at this moment; `Unavailable`, `Internal`.
    pub async fn resend(&self, by: &Authority, id: MailId) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        if let Some(actor) = by.actor() {
            by.still_stands(&unit.lock_users(&[actor.user.id]).await?)?;
        }
        if !unit.requeue_mail(id, self.ports.clock.now()).await? {
            return Err(Error::NotFound);
        }
        unit.record(&by.event(&self.ports, EventKind::MailRequeued, None)).await?;
        unit.commit().await?;
        Ok(())
    }
}
