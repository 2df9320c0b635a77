//! The data of the in-memory store, and the checks of a database's foreign keys.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::OffsetDateTime;
use vestibule_domain::model::audit::AuditEvent;
use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::model::id::{EventId, MailId, ResetId, ResetRequestId, SessionId, UserId};
use vestibule_domain::model::mail::{Lease, Mail, MailRecord, MailState, QueuedMail};
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::{EndedSession, Session};
use vestibule_domain::model::smtp_settings::StoredSmtpSettings;
use vestibule_domain::model::stats::Stats;
use vestibule_domain::model::user::User;
use vestibule_domain::ports::StoreError;

/// All data of the store.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) passwords: HashMap<UserId, PasswordHash>,
    pub(super) sessions: HashMap<SessionId, Session>,
    pub(super) ended_sessions: BTreeSet<EndedSession>,
    pub(super) resets: HashMap<ResetId, PasswordReset>,
    pub(super) requests: BTreeMap<ResetRequestId, ResetRequest>,
    pub(super) mails: BTreeMap<MailId, Entry>,
    pub(super) failures: HashMap<EmailKey, Tried>,
    pub(super) events: BTreeMap<EventId, AuditEvent>,
    pub(super) smtp: Option<StoredSmtpSettings>,
    pub(super) setup_link: Option<(SecretDigest, OffsetDateTime)>,
}

/// A mail in the outbox.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) mail: QueuedMail,
    pub(super) state: MailState,
    pub(super) lease: Option<Lease>,
    pub(super) last_error: Option<String>,
}

/// Counts of wrong passwords for an address.
#[derive(Clone, Debug, Default)]
pub(super) struct Tried {
    pub(super) total: Count,
    pub(super) by_network: HashMap<ClientNetwork, Count>,
}

/// A count of wrong passwords, and the time of the last one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) failures: u32,
    pub(super) last: Option<OffsetDateTime>,
}

impl Count {
    pub(super) fn raise(&mut self, now: OffsetDateTime) {
        self.failures += 1;
        self.last = self.last.max(Some(now));
    }
}

impl Entry {
    pub(super) fn is_leased(&self, now: OffsetDateTime) -> bool {
        self.lease.is_some_and(|lease| lease.until > now)
    }

    /// Returns the time since which the mail can be claimed, if it can be.
    pub(super) fn claimable_since(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match self.state {
            MailState::Waiting { due_at } if due_at <= now && !self.is_leased(now) => Some(due_at),
            _ => None,
        }
    }

    pub(super) fn finished_at(&self) -> Option<OffsetDateTime> {
        match self.state {
            MailState::Waiting { .. } => None,
            MailState::Sent { at } | MailState::Failed { at } | MailState::Withdrawn { at } => {
                Some(at)
            }
        }
    }

    /// Returns the record for administrators; `None` if its user does not exist.
    pub(super) fn record(&self, users: &BTreeMap<UserId, User>) -> Option<MailRecord> {
        Some(MailRecord {
            id: self.mail.id,
            kind: self.mail.mail.kind(),
            to: users.get(&self.mail.mail.user_id())?.email.clone(),
            state: self.state,
            attempts: self.mail.attempts,
            queued_at: self.mail.queued_at,
            last_error: self.last_error.clone(),
        })
    }
}

impl State {
    /// Fails if the user does not exist, as a foreign key does.
    pub(super) fn check_user(&self, id: UserId) -> Result<(), StoreError> {
        if self.users.contains_key(&id) {
            return Ok(());
        }
        Err(StoreError::Corrupt(format!("there is no user {id}").into()))
    }

    pub(super) fn count(&self, now: OffsetDateTime) -> Stats {
        let count = |number: usize| u64::try_from(number).unwrap();
        let waiting = self.mails.values().filter_map(|entry| match entry.state {
            MailState::Waiting { due_at } => Some(due_at),
            _ => None,
        });
        let sessions = self.sessions.values().filter(|session| session.expires_at > now);
        Stats {
            users: count(self.users.len()),
            sessions: count(sessions.count()),
            reset_requests: count(self.requests.len()),
            waiting_mails: count(waiting.clone().count()),
            due_since: waiting.filter(|due_at| *due_at <= now).min(),
        }
    }

    /// Ends sessions at `now`, and returns their number.
    pub(super) fn end_sessions(
        &mut self,
        now: OffsetDateTime,
        is_meant: impl Fn(&Session) -> bool,
    ) -> u64 {
        let ended = self.sessions.extract_if(|_, session| is_meant(session));
        let ended: Vec<EndedSession> =
            ended.map(|(id, _)| EndedSession { ended_at: now, id }).collect();
        self.ended_sessions.extend(&ended);
        u64::try_from(ended.len()).unwrap()
    }

    pub(super) fn is_setup_link_live(&self, link: &SecretDigest, now: OffsetDateTime) -> bool {
        self.setup_link.is_some_and(|(kept, expires_at)| kept == *link && now < expires_at)
    }

    /// Deletes rows that refer to deleted ones, as `ON DELETE CASCADE` does.
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
