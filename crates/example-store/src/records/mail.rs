//! A mail in the outbox.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::id::UserId;
use vestibule_domain::mail::{Lease, Mail, MailRecord, MailState, QueuedMail};
use vestibule_domain::reset::ResetId;

use super::forms::{MailStateForm, QueuedMailForm};
use super::{hex, plain, sortable};
use crate::shelves::Record;

/// A mail, and how far it has come.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptMail {
    /// The mail.
    #[serde(with = "QueuedMailForm")]
    pub(crate) queued: QueuedMail,
    /// Whether it waits, and what came of it.
    #[serde(with = "MailStateForm")]
    pub(crate) state: MailState,
    /// Who sends it.
    #[serde(with = "plain::option")]
    pub(crate) lease: Option<Lease>,
    /// Why it could not be sent.
    pub(crate) last_error: Option<String>,
}

impl KeptMail {
    /// Before the names of all that wait, the longest due first.
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

    /// As administrators see it.
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
