//! Waiting mails, and the deletion of expired records.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::id::{LeaseId, MailId};
use vestibule_domain::model::mail::{Lease, MailFate, MailState, QueuedMail};
use vestibule_domain::ports::{OutboxStore, StoreError};

use super::{RedbUnit, check_user};
use crate::at_most;
use crate::records::{KeptMail, KeptReset, KeptSession};
use crate::shelves::Record;

impl RedbUnit {
    /// Removes and returns at most `limit` expired records.
    pub(super) fn clear<R: Record>(
        &self,
        limit: usize,
        is_over: impl Fn(&R) -> bool,
    ) -> Result<Vec<R>, StoreError> {
        let mut shelves = self.shelves()?;
        let over = shelves.all::<R>()?.filter(|record| record.as_ref().map_or(true, &is_over));
        let over = over.take(limit).collect::<Result<Vec<R>, _>>()?;
        for record in &over {
            shelves.take::<R>(&record.key())?;
        }
        Ok(over)
    }
}

/// Removes NUL from a reply of an SMTP server: some databases do not support it in texts.
fn printable(reason: &str) -> String {
    reason.replace('\0', "")
}

/// Returns the time at which it was sent or given up.
fn finished_at(mail: &KeptMail) -> Option<OffsetDateTime> {
    match mail.state {
        MailState::Waiting { .. } => None,
        MailState::Sent { at } | MailState::Failed { at } | MailState::Withdrawn { at } => Some(at),
    }
}

#[async_trait]
impl OutboxStore for RedbUnit {
    async fn enqueue(&mut self, mail: &QueuedMail) -> Result<(), StoreError> {
        let mut shelves = self.shelves()?;
        check_user(&shelves, mail.mail.user_id())?;
        let state = MailState::Waiting { due_at: mail.queued_at };
        shelves.put(&KeptMail { queued: mail.clone(), state, lease: None, last_error: None })
    }

    async fn claim_mails(
        &mut self,
        now: OffsetDateTime,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError> {
        let mut shelves = self.shelves()?;
        let waiting = shelves.named_like::<KeptMail>(KeptMail::WAITING)?;
        let due = waiting.into_iter().filter(|mail| mail.is_due(now) && !mail.is_leased(now));
        let mut claimed = Vec::new();
        for mut mail in due.take(at_most(limit)) {
            mail.lease = Some(lease);
            mail.queued.attempts += 1;
            shelves.put(&mail)?;
            claimed.push(mail.queued);
        }
        Ok(claimed)
    }

    async fn settle_mail(
        &mut self,
        id: MailId,
        lease: LeaseId,
        fate: &MailFate,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.change(&id.to_string(), |mail: &mut KeptMail| {
            let is_latest = mail.lease.take().is_some_and(|held| held.id == lease);
            (mail.state, mail.last_error) = match fate {
                MailFate::Sent => (MailState::Sent { at: now }, None),
                MailFate::Retry { at, reason } => {
                    (MailState::Waiting { due_at: *at }, Some(printable(reason)))
                }
                MailFate::Failed { reason } => {
                    (MailState::Failed { at: now }, Some(printable(reason)))
                }
                MailFate::Withdrawn => (MailState::Withdrawn { at: now }, None),
            };
            is_latest
        })
    }

    async fn requeue_mail(&mut self, id: MailId, now: OffsetDateTime) -> Result<bool, StoreError> {
        self.change(&id.to_string(), |mail: &mut KeptMail| {
            let is_free = !mail.is_leased(now);
            mail.queued.attempts = 0;
            mail.state = MailState::Waiting { due_at: now };
            mail.lease = None;
            mail.last_error = None;
            is_free
        })
    }

    async fn purge(&mut self, before: OffsetDateTime, limit: u32) -> Result<bool, StoreError> {
        let limit = at_most(limit);
        let is_over = |mail: &KeptMail| finished_at(mail).is_some_and(|at| at < before);
        let mails = self.clear(limit, is_over)?;
        let resets = self.clear(limit, |KeptReset(reset)| reset.expires_at < before)?;
        let sessions = self.clear(limit, |KeptSession(session)| session.expires_at < before)?;
        let mut shelves = self.shelves()?;
        for KeptReset(reset) in &resets {
            // Without its link the mail is useless.
            for mail in shelves.named_like::<KeptMail>(&KeptMail::all_with(reset.id))? {
                shelves.take::<KeptMail>(&mail.key())?;
            }
        }
        Ok([mails.len(), resets.len(), sessions.len()].contains(&limit))
    }
}
