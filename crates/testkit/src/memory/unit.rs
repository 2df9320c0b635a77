//! A unit of work on a copy of everything: the users and what belongs to them. The mails, the wrong
//! passwords, the events and the installation's own memory stand in files of their own.

mod audit;
mod failures;
mod installation;
mod outbox;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::OwnedMutexGuard;
use vestibule_domain::id::{SessionId, UserId};
use vestibule_domain::language::Language;
use vestibule_domain::password::PasswordHash;
use vestibule_domain::ports::{
    Credentials, Failures, Insertion, Resets, Sessions, StoreError, UnitOfWork, Users,
};
use vestibule_domain::refresh::{Refresh, Rotation};
use vestibule_domain::reset::{PasswordReset, ResetId, ResetRequest};
use vestibule_domain::secret::SecretDigest;
use vestibule_domain::session::{EndedSession, Session};
use vestibule_domain::user::{CredentialEpoch, User};

use super::state::State;

pub(super) struct MemoryUnit {
    pub(super) state: State,
    pub(super) committed: Arc<RwLock<State>>,
    /// Declared before the turn, so that nobody counts two units in passing.
    pub(super) _open: OpenUnit,
    pub(super) _turn: OwnedMutexGuard<()>,
}

/// Counts a unit for as long as it lives.
pub(super) struct OpenUnit(Arc<AtomicUsize>);

impl OpenUnit {
    pub(super) fn count(open: Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(open)
    }
}

impl Drop for OpenUnit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl UnitOfWork for MemoryUnit {
    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        *self.committed.write().unwrap() = std::mem::take(&mut self.state);
        Ok(())
    }
}

impl MemoryUnit {
    fn change_user(&mut self, id: UserId, change: impl FnOnce(&mut User)) -> bool {
        self.state.users.get_mut(&id).map(change).is_some()
    }
}

#[async_trait]
impl Users for MemoryUnit {
    async fn insert_user(&mut self, user: &User) -> Result<Insertion, StoreError> {
        let users = &mut self.state.users;
        if users.values().any(|other| other.email.key() == user.email.key()) {
            return Ok(Insertion::EmailTaken);
        }
        if users.values().any(|other| other.username.key() == user.username.key()) {
            return Ok(Insertion::UsernameTaken);
        }
        users.insert(user.id, user.clone());
        Ok(Insertion::Inserted)
    }

    async fn advance_epoch(
        &mut self,
        id: UserId,
        from: CredentialEpoch,
    ) -> Result<bool, StoreError> {
        let user = self.state.users.get_mut(&id).filter(|user| user.epoch == from);
        Ok(user.map(|user| user.epoch = from.next()).is_some())
    }

    async fn revoke_everything(&mut self, now: OffsetDateTime) -> Result<u64, StoreError> {
        for user in self.state.users.values_mut() {
            user.epoch = user.epoch.next();
        }
        self.state.end_sessions(now, |_| true);
        let resets = self.state.resets.values_mut();
        for open in resets.filter(|reset| reset.used_at.is_none() && reset.superseded_at.is_none())
        {
            open.superseded_at = Some(now);
        }
        Ok(u64::try_from(self.state.users.len()).unwrap_or(u64::MAX))
    }

    async fn lock_users(&mut self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let users = self.state.users.values();
        Ok(users.filter(|user| ids.contains(&user.id)).cloned().collect())
    }

    async fn set_active(&mut self, id: UserId, active: bool) -> Result<bool, StoreError> {
        Ok(self.change_user(id, |user| user.is_active = active))
    }

    async fn set_admin(&mut self, id: UserId, admin: bool) -> Result<bool, StoreError> {
        Ok(self.change_user(id, |user| user.is_admin = admin))
    }

    async fn set_language(&mut self, id: UserId, language: Language) -> Result<bool, StoreError> {
        Ok(self.change_user(id, |user| user.language = Some(language)))
    }

    async fn delete_user(&mut self, id: UserId, now: OffsetDateTime) -> Result<bool, StoreError> {
        let Some(deleted) = self.state.users.remove(&id) else {
            return Ok(false);
        };
        self.forget_failures(deleted.email.key(), None).await?;
        self.state.end_sessions(now, |session| session.user_id == id);
        self.state.cascade();
        Ok(true)
    }
}

#[async_trait]
impl Credentials for MemoryUnit {
    async fn set_password(
        &mut self,
        id: UserId,
        hash: &PasswordHash,
        _now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.state.check_user(id)?;
        self.state.passwords.insert(id, hash.clone());
        Ok(())
    }

    async fn replace_hash(
        &mut self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let stored = self.state.passwords.get_mut(&id).filter(|stored| *stored == old);
        Ok(stored.map(|stored| *stored = new.clone()).is_some())
    }
}

#[async_trait]
impl Sessions for MemoryUnit {
    async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError> {
        if !self.state.users.contains_key(&session.user_id) {
            return Ok(false);
        }
        self.state.sessions.insert(session.id, session.clone());
        Ok(true)
    }

    async fn touch_session(
        &mut self,
        id: SessionId,
        seen_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let session = self.state.sessions.get_mut(&id);
        Ok(session.map(|s| s.last_seen_at = s.last_seen_at.max(seen_at)).is_some())
    }

    async fn renew_session(
        &mut self,
        id: SessionId,
        epoch: CredentialEpoch,
        key: Option<SecretDigest>,
        authenticated_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let session = self.state.sessions.get_mut(&id).filter(|session| session.epoch == epoch);
        let renewed = session.map(|session| {
            session.browser_key = key;
            session.authenticated_at = authenticated_at;
        });
        Ok(renewed.is_some())
    }

    async fn rotate_refresh(
        &mut self,
        id: SessionId,
        epoch: CredentialEpoch,
        successor: SecretDigest,
        rotation: &Rotation,
    ) -> Result<bool, StoreError> {
        let Some(session) = self.state.sessions.get_mut(&id).filter(|s| s.epoch == epoch) else {
            return Ok(false);
        };
        let Some(refresh) = session.refresh.take_if(|kept| kept.current == rotation.from) else {
            return Ok(false);
        };
        let rotated = Refresh { current: successor, rotation: Some(*rotation), ..refresh };
        session.refresh = Some(rotated);
        session.last_seen_at = session.last_seen_at.max(rotation.at);
        Ok(true)
    }

    async fn end_session(
        &mut self,
        id: SessionId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        Ok(self.state.end_sessions(now, |session| session.id == id) > 0)
    }

    async fn keep_only_session(
        &mut self,
        user: UserId,
        keep: SessionId,
        epoch: CredentialEpoch,
        now: OffsetDateTime,
    ) -> Result<Option<u64>, StoreError> {
        let kept = self.state.sessions.get_mut(&keep).filter(|session| session.user_id == user);
        let Some(kept) = kept else { return Ok(None) };
        kept.epoch = epoch;
        let others = |session: &Session| session.user_id == user && session.id != keep;
        Ok(Some(self.state.end_sessions(now, others)))
    }

    async fn keep_newest_sessions(
        &mut self,
        user: UserId,
        keep: u32,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let sessions = &self.state.sessions;
        let mut own: Vec<SessionId> =
            sessions.values().filter(|s| s.user_id == user).map(|session| session.id).collect();
        own.sort_unstable();
        let excess = own.len().saturating_sub(usize::try_from(keep).unwrap());
        self.state.end_sessions(now, |session| own[..excess].contains(&session.id));
        Ok(())
    }

    async fn end_sessions(&mut self, user: UserId, now: OffsetDateTime) -> Result<(), StoreError> {
        self.state.end_sessions(now, |session| session.user_id == user);
        Ok(())
    }

    async fn forget_ended_sessions(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        let old = self.state.ended_sessions.iter().take_while(|ended| ended.ended_at < before);
        let old: Vec<EndedSession> = old.take(limit).copied().collect();
        for ended in &old {
            self.state.ended_sessions.remove(ended);
        }
        Ok(old.len() == limit)
    }
}

#[async_trait]
impl Resets for MemoryUnit {
    async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError> {
        self.state.requests.insert(request.id, request.clone());
        Ok(())
    }

    async fn take_reset_request(&mut self) -> Result<Option<ResetRequest>, StoreError> {
        let requests = &mut self.state.requests;
        let oldest = requests.values().min_by_key(|request| (request.requested_at, request.id));
        let oldest = oldest.map(|request| request.id);
        Ok(oldest.and_then(|id| requests.remove(&id)))
    }

    async fn recent_resets(
        &mut self,
        user: UserId,
        since: OffsetDateTime,
    ) -> Result<Vec<PasswordReset>, StoreError> {
        let resets = self.state.resets.values();
        let mut recent: Vec<PasswordReset> = resets
            .filter(|reset| reset.user_id == user && reset.issued_at >= since)
            .cloned()
            .collect();
        recent.sort_by_key(|reset| std::cmp::Reverse(reset.issued_at));
        Ok(recent)
    }

    async fn insert_reset(&mut self, reset: &PasswordReset) -> Result<bool, StoreError> {
        if !self.state.users.contains_key(&reset.user_id) {
            return Ok(false);
        }
        let earlier = self.state.resets.values_mut();
        for open in earlier.filter(|other| {
            other.user_id == reset.user_id
                && other.used_at.is_none()
                && other.superseded_at.is_none()
        }) {
            open.superseded_at = Some(reset.issued_at);
        }
        self.state.resets.insert(reset.id, reset.clone());
        Ok(true)
    }

    async fn spend_reset(
        &mut self,
        id: ResetId,
        now: OffsetDateTime,
    ) -> Result<Option<PasswordReset>, StoreError> {
        let State { users, resets, .. } = &mut self.state;
        let live = resets
            .get_mut(&id)
            .filter(|reset| users.get(&reset.user_id).is_some_and(|user| reset.is_live(user, now)));
        Ok(live.map(|reset| {
            reset.used_at = Some(now);
            reset.clone()
        }))
    }
}
