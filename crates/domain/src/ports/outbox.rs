//! The outbox, and the deletion of old rows.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::model::id::{LeaseId, MailId};
use crate::model::mail::{Lease, MailFate, QueuedMail};

/// The outbox.
#[async_trait]
pub trait OutboxStore: Send {
    /// Adds a mail, due at once.
    async fn enqueue(&mut self, mail: &QueuedMail) -> Result<(), StoreError>;

    /// Claims at most `limit` mails that are due at `now` and have no lease beyond `now`, the longest
    /// overdue first, and counts the attempt.
    ///
    /// Of any number of concurrent units each mail is claimed by at most one.
    async fn claim_mails(
        &mut self,
        now: OffsetDateTime,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError>;

    /// Stores the delivery result of a claimed mail and ends the claim.
    ///
    /// Returns `false`, and changes nothing, if `lease` is not the mail's latest claim.
    /// A mail that was sent, failed or was withdrawn is never claimed again.
    async fn settle_mail(
        &mut self,
        id: MailId,
        lease: LeaseId,
        fate: &MailFate,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Makes a mail due at `now`, in any state: its attempts and last error are reset, the time at
    /// which it was queued stays.
    ///
    /// Returns `false`, and changes nothing, if there is no such mail or it has a lease beyond `now`.
    async fn requeue_mail(&mut self, id: MailId, now: OffsetDateTime) -> Result<bool, StoreError>;

    /// Deletes finished mails, expired resets and expired sessions that ended before `before`.
    ///
    /// Deletes at most `limit` of each, to keep the unit short. Returns `true` if there may be more.
    async fn purge(&mut self, before: OffsetDateTime, limit: u32) -> Result<bool, StoreError>;
}
