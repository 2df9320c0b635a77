//! The mails that wait, and the purge.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::id::{LeaseId, MailId};
use vestibule_domain::model::mail::{Lease, MailFate, MailState, QueuedMail};
use vestibule_domain::ports::{OutboxStore, StoreError};

use super::MemoryUnit;
use crate::memory::state::{Entry, State};

/// Removes NUL from a text, which PostgreSQL cannot store.
fn printable(reason: &str) -> String {
    reason.replace('\0', "")
}

#[async_trait]
impl OutboxStore for MemoryUnit {
    async fn enqueue(&mut self, mail: &QueuedMail) -> Result<(), StoreError> {
        self.state.check_user(mail.mail.user_id())?;
        let state = MailState::Waiting { due_at: mail.queued_at };
        let entry = Entry { mail: mail.clone(), state, lease: None, last_error: None };
        self.state.mails.insert(mail.id, entry);
        Ok(())
    }

    async fn claim_mails(
        &mut self,
        now: OffsetDateTime,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError> {
        let entries = self.state.mails.values_mut();
        let mut due: Vec<(OffsetDateTime, &mut Entry)> =
            entries.filter_map(|entry| Some((entry.claimable_since(now)?, entry))).collect();
        due.sort_by_key(|(due_at, entry)| (*due_at, entry.mail.id));
        due.truncate(usize::try_from(limit).unwrap());
        let claimed = due.into_iter().map(|(_, entry)| {
            entry.lease = Some(lease);
            entry.mail.attempts += 1;
            entry.mail.clone()
        });
        Ok(claimed.collect())
    }

    async fn settle_mail(
        &mut self,
        id: MailId,
        lease: LeaseId,
        fate: &MailFate,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let entry = self.state.mails.get_mut(&id);
        let Some(entry) = entry.filter(|entry| entry.lease.is_some_and(|held| held.id == lease))
        else {
            return Ok(false);
        };
        entry.lease = None;
        (entry.state, entry.last_error) = match fate {
            MailFate::Retry { at, reason } => {
                (MailState::Waiting { due_at: *at }, Some(printable(reason)))
            }
            MailFate::Sent => (MailState::Sent { at: now }, None),
            MailFate::Failed { reason } => (MailState::Failed { at: now }, Some(printable(reason))),
            MailFate::Withdrawn => (MailState::Withdrawn { at: now }, None),
        };
        Ok(true)
    }

    async fn requeue_mail(&mut self, id: MailId, now: OffsetDateTime) -> Result<bool, StoreError> {
        let entry = self.state.mails.get_mut(&id).filter(|entry| !entry.is_leased(now));
        let requeued = entry.map(|entry| {
            entry.mail.attempts = 0;
            entry.state = MailState::Waiting { due_at: now };
            entry.lease = None;
            entry.last_error = None;
        });
        Ok(requeued.is_some())
    }

    async fn purge(&mut self, before: OffsetDateTime, limit: u32) -> Result<bool, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        let State { mails, resets, sessions, .. } = &mut self.state;
        let is_over = |entry: &Entry| entry.finished_at().is_some_and(|at| at < before);
        let mut removed = [0; 3];
        for (id, _) in mails.clone().iter().filter(|(_, entry)| is_over(entry)).take(limit) {
            removed[0] += usize::from(mails.remove(id).is_some());
        }
        for (id, _) in resets.clone().iter().filter(|(_, r)| r.expires_at < before).take(limit) {
            removed[1] += usize::from(resets.remove(id).is_some());
        }
        for (id, _) in sessions.clone().iter().filter(|(_, s)| s.expires_at < before).take(limit) {
            removed[2] += usize::from(sessions.remove(id).is_some());
        }
        self.state.cascade();
        Ok(removed.contains(&limit))
    }
}
