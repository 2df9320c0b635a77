//! A unit of work: a write transaction of redb, and the turn to have one.
//!
//! One unit is open at a time, so every race is decided before it begins: whoever comes second finds
//! what the first has left. The verbs read, decide and write, each in a few lines.

mod audit;
mod failures;
mod installation;
mod outbox;
mod resets;
mod sessions;
mod users;

use async_trait::async_trait;
use redb::WriteTransaction;
use tokio::sync::OwnedMutexGuard;
use tokio::task::spawn_blocking;
use vestibule_domain::id::UserId;
use vestibule_domain::ports::{StoreError, UnitOfWork};

use crate::records::Account;
use crate::shelves::{Record, Shelves, Writable, trouble};

/// Work that happens together or not at all.
pub(crate) struct RedbUnit {
    /// Declared before the turn, so that it has ended when the next one begins.
    transaction: WriteTransaction,
    turn: OwnedMutexGuard<()>,
}

impl RedbUnit {
    pub(crate) fn new(transaction: WriteTransaction, turn: OwnedMutexGuard<()>) -> Self {
        Self { transaction, turn }
    }

    pub(crate) fn shelves(&self) -> Result<Shelves<Writable<'_>>, StoreError> {
        Shelves::to_write(&self.transaction)
    }

    /// Writes everything, and waits for the disk.
    pub(crate) fn finish(self) -> Result<(), StoreError> {
        let Self { transaction, turn } = self;
        let done = transaction.commit().map_err(trouble);
        drop(turn);
        done
    }

    /// Changes a record that is there and fits; answers whether it was.
    fn change<R: Record>(
        &self,
        key: &str,
        change: impl FnOnce(&mut R) -> bool,
    ) -> Result<bool, StoreError> {
        let mut shelves = self.shelves()?;
        let Some(mut record) = shelves.find::<R>(key)? else { return Ok(false) };
        let fits = change(&mut record);
        if fits {
            shelves.put(&record)?;
        }
        Ok(fits)
    }
}

/// Fails as a foreign key does.
fn check_user(shelves: &Shelves<Writable<'_>>, id: UserId) -> Result<(), StoreError> {
    match shelves.find::<Account>(&id.to_string())? {
        Some(_) => Ok(()),
        None => Err(StoreError::Corrupt(format!("there is no user {id}").into())),
    }
}

#[async_trait]
impl UnitOfWork for RedbUnit {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        // A task that blocks runs to its end, whether anybody waits for it or not.
        let finished = spawn_blocking(move || self.finish()).await;
        finished.unwrap_or_else(|lost| Err(StoreError::Unavailable(lost.into())))
    }
}
