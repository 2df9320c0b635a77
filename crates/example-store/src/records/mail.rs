//! A mail in the outbox.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::{ResetId, UserId};
use vestibule_domain::model::mail::{Lease, Mail, MailRecord, MailState, QueuedMail};

use super::forms::{MailStateForm, QueuedMailForm};
use super::{hex, plain, sortable};
use crate::shelves::Record;

/// A mail with its delivery status.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptMail {
    /// The mail.
    #[serde(with = "QueuedMailForm")]
    pub(crate) queued: QueuedMail,
    /// Status of the delivery.
    #[serde(with = "MailStateForm")]
    pub(crate) state: MailState,
    /// The lease of the worker that sends it.
    #[serde(with = "plain::option")]
    pub(crate) lease: Option<Lease>,
    /// The last error.
    pub(crate) last_error: Option<String>,
}

impl KeptMail {
    /// Prefix of the names of waiting mails, sorted by due time.
    pub(crate) const WAITING: &'static str = "waiting/";

    pub(crate) fn all_to(user: UserId) -> String {
        format!("to/{user}/")
    }

    pub(crate) fn all_with(link: ResetId) -> String {
        format!("with/{}/", hex(link.as_bytes()))
    }

    pub(crate) fn user_id(&self) -> UserId {
        self.queued.mail.user_id()
    }

    pub(crate) fn is_due(&self, now: OffsetDateTime) -> bool {
        matches!(self.state, MailState::Waiting { due_at } if due_at <= now)
    }

    pub(crate) fn is_leased(&self, now: OffsetDateTime) -> bool {
        self.lease.is_some_and(|lease| lease.until > now)
    }

    /// Returns the mail as administrators see it.
    pub(crate) fn record(self, to: EmailAddress) -> MailRecord {
        let Self { queued, state, last_error, .. } = self;
        let QueuedMail { id, mail, queued_at, attempts } = queued;
        MailRecord { id, kind: mail.kind(), to, state, attempts, queued_at, last_error }
    }
}

impl Record for KeptMail {
    const SHELF: &'static str = "mail";

    fn key(&self) -> String {
        self.queued.id.to_string()
    }

    fn names(&self) -> BTreeSet<String> {
        let id = self.queued.id;
        let mut names = BTreeSet::from([format!("{}{id}", Self::all_to(self.user_id()))]);
        if let Mail::ResetLink { reset_id, .. } = self.queued.mail {
            names.insert(format!("{}{id}", Self::all_with(reset_id)));
        }
        if let MailState::Waiting { due_at } = self.state {
            names.insert(format!("{}{}/{id}", Self::WAITING, sortable(due_at)));
        }
        names
    }
}
