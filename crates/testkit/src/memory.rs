//! An in-memory store that passes the same contract tests as the real ones.
//!
//! One unit is open at a time, as on SQLite; it works on a copy, which its commit publishes.

mod state;
mod unit;

use std::cmp::Reverse;
use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use vestibule_domain::model::audit::AuditEvent;
use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::model::id::{EventId, MailId, ResetId, SessionId, UserId};
use vestibule_domain::model::mail::MailRecord;
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::{EndedSession, Session};
use vestibule_domain::model::sign_in_failures::FailureCount;
use vestibule_domain::model::smtp_settings::StoredSmtpSettings;
use vestibule_domain::model::stats::Stats;
use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::ports::{Store, StoreError, UnitOfWork};

use state::State;
use unit::{MemoryUnit, OpenUnit};

/// An in-memory store.
#[derive(Debug, Default)]
pub struct MemoryStore {
    committed: Arc<RwLock<State>>,
    turn: Arc<Mutex<()>>,
    open: Arc<AtomicUsize>,
}

impl MemoryStore {
    /// Returns the number of open units. Slow work must run while there are none: on SQLite an open
    /// unit blocks all others.
    pub fn open_units(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    fn read<T>(&self, question: impl FnOnce(&State) -> T) -> T {
        question(&self.committed.read().unwrap())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let state = self.read(State::clone);
        Ok(Box::new(MemoryUnit {
            state,
            committed: Arc::clone(&self.committed),
            _open: OpenUnit::count(Arc::clone(&self.open)),
            _turn: turn,
        }))
    }

    async fn add_reset_request(&self, request: &ResetRequest) -> Result<(), StoreError> {
        let mut unit = self.begin().await?;
        unit.insert_reset_request(request).await?;
        unit.commit().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.read(|state| state.users.get(&id).cloned()))
    }

    async fn find_user_by_email(
        &self,
        key: &EmailKey,
    ) -> Result<Option<(User, Option<PasswordHash>)>, StoreError> {
        Ok(self.read(|state| {
            let user = state.users.values().find(|user| user.email.key() == key)?;
            Some((user.clone(), state.passwords.get(&user.id).cloned()))
        }))
    }

    async fn find_password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError> {
        Ok(self.read(|state| state.passwords.get(&id).cloned()))
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        Ok(self.read(|state| {
            let session = state.sessions.get(&id)?;
            Some((session.clone(), state.users.get(&session.user_id)?.clone()))
        }))
    }

    async fn find_browser_session(
        &self,
        key: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        Ok(self.read(|state| {
            let session = state.sessions.values().find(|s| s.browser_key.as_ref() == Some(key))?;
            Some((session.clone(), state.users.get(&session.user_id)?.clone()))
        }))
    }

    async fn find_refreshed_session(
        &self,
        family: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        Ok(self.read(|state| {
            let of_family = |s: &&Session| s.refresh.as_ref().is_some_and(|r| r.family == *family);
            let session = state.sessions.values().find(of_family)?;
            Some((session.clone(), state.users.get(&session.user_id)?.clone()))
        }))
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        Ok(self.read(|state| {
            let sessions = state.sessions.values();
            let mut theirs: Vec<Session> =
                sessions.filter(|session| session.user_id == user).cloned().collect();
            theirs.sort_by_key(|session| Reverse((session.last_seen_at, session.id)));
            theirs
        }))
    }

    async fn list_ended_sessions(
        &self,
        after: EndedSession,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        let later = (Bound::Excluded(after), Bound::Unbounded);
        Ok(self.read(|state| state.ended_sessions.range(later).take(limit).copied().collect()))
    }

    async fn list_overtaken_sessions(
        &self,
        since: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<SessionId>, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        Ok(self.read(|state| {
            let is_overtaken = |session: &&Session| {
                let owner = state.users.get(&session.user_id);
                session.created_at >= since
                    && owner.is_some_and(|owner| {
                        owner.credentials_version != session.credentials_version
                    })
            };
            let overtaken = state.sessions.values().filter(is_overtaken);
            overtaken.map(|session| session.id).take(limit).collect()
        }))
    }

    async fn find_reset(&self, id: ResetId) -> Result<Option<(PasswordReset, User)>, StoreError> {
        Ok(self.read(|state| {
            let reset = state.resets.get(&id)?;
            Some((reset.clone(), state.users.get(&reset.user_id)?.clone()))
        }))
    }

    async fn list_users(
        &self,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        Ok(self.read(|state| {
            let users = state.users.values();
            users
                .filter(|user| after.is_none_or(|after| user.id > after))
                .filter(|user| filter.accepts(user))
                .take(limit)
                .cloned()
                .collect()
        }))
    }

    async fn list_mails(
        &self,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        Ok(self.read(|state| {
            let newest_first = state.mails.iter().rev();
            newest_first
                .filter(|(id, _)| before.is_none_or(|before| **id < before))
                .filter_map(|(_, entry)| entry.record(&state.users))
                .take(limit)
                .collect()
        }))
    }

    async fn list_events(
        &self,
        user: Option<UserId>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        Ok(self.read(|state| {
            let newest_first = state.events.values().rev();
            newest_first
                .filter(|event| before.is_none_or(|before| event.id < before))
                .filter(|event| user.is_none_or(|user| event.user_id == Some(user)))
                .take(limit)
                .cloned()
                .collect()
        }))
    }

    async fn find_failures(
        &self,
        address: &EmailKey,
        network: ClientNetwork,
    ) -> Result<FailureCount, StoreError> {
        Ok(self.read(|state| {
            let Some(tried) = state.failures.get(address) else {
                return FailureCount::default();
            };
            let of_network = tried.by_network.get(&network).copied().unwrap_or_default();
            FailureCount {
                total: tried.total.failures,
                from_network: of_network.failures,
                last_from_network: of_network.last,
            }
        }))
    }

    async fn find_smtp_settings(&self) -> Result<Option<StoredSmtpSettings>, StoreError> {
        Ok(self.read(|state| state.smtp.clone()))
    }

    async fn count(&self, now: OffsetDateTime) -> Result<Stats, StoreError> {
        Ok(self.read(|state| state.count(now)))
    }

    async fn is_setup_link_live(
        &self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        Ok(self.read(|state| state.is_setup_link_live(link, now)))
    }
}
