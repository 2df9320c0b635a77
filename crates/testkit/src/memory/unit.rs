//! A unit of work on a copy of the data: users, passwords and resets. The other traits are
//! implemented in the other modules.

mod audit;
mod installation;
mod outbox;
mod sessions;
mod sign_in_failures;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::OwnedMutexGuard;
use vestibule_domain::model::id::{ResetId, UserId};
use vestibule_domain::model::language::Language;
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::user::{CredentialsVersion, User};
use vestibule_domain::ports::{
    CredentialStore, Insertion, ResetStore, SignInFailureStore, StoreError, UnitOfWork, UserStore,
};

use super::state::State;

pub(super) struct MemoryUnit {
    pub(super) state: State,
    pub(super) committed: Arc<RwLock<State>>,
    /// Declared before the lock, so that it is dropped first and two units are never counted.
    pub(super) _open: OpenUnit,
    pub(super) _turn: OwnedMutexGuard<()>,
}

/// Counts a unit until it is dropped.
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
impl UserStore for MemoryUnit {
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

    async fn advance_credentials_version(
        &mut self,
        id: UserId,
        from: CredentialsVersion,
    ) -> Result<bool, StoreError> {
        let user = self.state.users.get_mut(&id).filter(|user| user.credentials_version == from);
        Ok(user.map(|user| user.credentials_version = from.next()).is_some())
    }

    async fn revoke_everything(&mut self, now: OffsetDateTime) -> Result<u64, StoreError> {
        for user in self.state.users.values_mut() {
            user.credentials_version = user.credentials_version.next();
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
impl CredentialStore for MemoryUnit {
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
impl ResetStore for MemoryUnit {
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
