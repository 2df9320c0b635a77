//! The mails that wait, and the clearing away of what is over.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::id::{LeaseId, MailId};
use crate::mail::{Lease, MailFate, QueuedMail};

/// The mails that wait.
#[async_trait]
pub trait Outbox: Send {
    /// Adds a mail, due at once.
    async fn enqueue(&mut self, mail: &QueuedMail) -> Result<(), StoreError>;

    /// Claims at most `limit` mails that are due at `now` and not under a lease that lasts beyond
    /// `now`, the longest due first, and counts the attempt.
    ///
    /// Of any number of concurrent units each mail is claimed by at most one.
    async fn claim_mails(
        &mut self,
        now: OffsetDateTime,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError>;

    /// Records what became of a claimed mail and ends the claim.
    ///
    /// Answers `false`, and changes nothing, when `lease` is not the mail's latest claim.
    /// A mail that was sent, failed or was withdrawn is never claimed again.
    async fn settle_mail(
        &mut self,
        id: MailId,
        lease: LeaseId,
        fate: &MailFate,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Makes a mail due at `now`, whatever became of it: its attempts and its failure are
    /// forgotten, when it was queued is not.
    ///
    /// Answers `false`, and changes nothing, when there is no such mail or a lease on it lasts
    /// beyond `now`.
    async fn requeue_mail(&mut self, id: MailId, now: OffsetDateTime) -> Result<bool, StoreError>;

    /// Deletes what ended before `before`: finished mails, resets that expired, sessions past
    /// their absolute lifetime. Nothing that still works is touched.
    ///
    /// Deletes at most `limit` of each, so that nobody waits long for this unit, and answers
    /// whether there may be more.
    async fn purge(&mut self, before: OffsetDateTime, limit: u32) -> Result<bool, StoreError>;
}
