//! The store, in memory: the same promises as the real ones, none of the waiting.
//!
//! One unit is open at a time, as on SQLite; it works on a copy, which its commit publishes.

mod state;
mod unit;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use tokio::sync::Mutex;
use vestibule_domain::email::EmailKey;
use vestibule_domain::id::{SessionId, UserId};
use vestibule_domain::password::PasswordHash;
use vestibule_domain::ports::{Store, StoreError, UnitOfWork};
use vestibule_domain::reset::{PasswordReset, ResetId};
use vestibule_domain::session::Session;
use vestibule_domain::user::User;

use state::State;
use unit::{MemoryUnit, OpenUnit};

/// A store that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    committed: Arc<RwLock<State>>,
    turn: Arc<Mutex<()>>,
    open: Arc<AtomicUsize>,
}

impl MemoryStore {
    /// How many units are open now. Work that takes long must find none: on SQLite a unit holds up
    /// every other.
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

    async fn find_reset(&self, id: ResetId) -> Result<Option<(PasswordReset, User)>, StoreError> {
        Ok(self.read(|state| {
            let reset = state.resets.get(&id)?;
            Some((reset.clone(), state.users.get(&reset.user_id)?.clone()))
        }))
    }

    async fn list_users(
        &self,
        after: Option<UserId>,
        limit: u32,
        admins_only: bool,
    ) -> Result<Vec<User>, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        Ok(self.read(|state| {
            let users = state.users.values();
            users
                .filter(|user| after.is_none_or(|after| user.id > after))
                .filter(|user| user.is_admin || !admins_only)
                .take(limit)
                .cloned()
                .collect()
        }))
    }
}
