//! What the store in memory holds, and the references a database would check.

use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;
use vestibule_domain::id::{MailId, ResetRequestId, SessionId, UserId};
use vestibule_domain::mail::{Lease, Mail, QueuedMail};
use vestibule_domain::password::PasswordHash;
use vestibule_domain::ports::StoreError;
use vestibule_domain::reset::{PasswordReset, ResetId, ResetRequest};
use vestibule_domain::session::Session;
use vestibule_domain::user::User;

/// Everything.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) passwords: HashMap<UserId, PasswordHash>,
    pub(super) sessions: HashMap<SessionId, Session>,
    pub(super) resets: HashMap<ResetId, PasswordReset>,
    pub(super) requests: BTreeMap<ResetRequestId, ResetRequest>,
    pub(super) mails: BTreeMap<MailId, Entry>,
}

/// A mail in the outbox.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) mail: QueuedMail,
    pub(super) due_at: OffsetDateTime,
    pub(super) lease: Option<Lease>,
    pub(super) finished_at: Option<OffsetDateTime>,
}

impl Entry {
    pub(super) fn is_claimable(&self, now: OffsetDateTime) -> bool {
        self.finished_at.is_none()
            && self.due_at <= now
            && self.lease.is_none_or(|lease| lease.until <= now)
    }
}

impl State {
    /// Fails as a foreign key does.
    pub(super) fn check_user(&self, id: UserId) -> Result<(), StoreError> {
        if self.users.contains_key(&id) {
            return Ok(());
        }
        Err(StoreError::Corrupt(format!("there is no user {id}").into()))
    }

    /// Forgets what refers to something that is not there any more.
    pub(super) fn cascade(&mut self) {
        let Self { users, passwords, sessions, resets, mails, .. } = self;
        passwords.retain(|user, _| users.contains_key(user));
        sessions.retain(|_, session| users.contains_key(&session.user_id));
        resets.retain(|_, reset| users.contains_key(&reset.user_id));
        mails.retain(|_, entry| match &entry.mail.mail {
            Mail::ResetLink { user_id, reset_id } => {
                users.contains_key(user_id) && resets.contains_key(reset_id)
            }
            other => users.contains_key(&other.user_id()),
        });
    }
}
