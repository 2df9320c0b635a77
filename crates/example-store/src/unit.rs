//! The unit of work: a write transaction of redb and the lock for it.
//!
//! One unit is open at a time, so there are no races: a second one sees what the first committed.

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
use vestibule_domain::model::id::UserId;
use vestibule_domain::ports::{StoreError, UnitOfWork};

use crate::records::Account;
use crate::shelves::{Record, Shelves, Writable, trouble};

/// An atomic unit of work.
pub(crate) struct RedbUnit {
    /// Declared before the lock, so that it is dropped before the next unit begins.
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

    /// Commits, and waits for the disk.
    pub(crate) fn finish(self) -> Result<(), StoreError> {
        let Self { transaction, turn } = self;
        let done = transaction.commit().map_err(trouble);
        drop(turn);
        done
    }

    /// Changes a record if it exists and matches; returns `true` if it was changed.
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

/// Fails like a foreign key constraint.
fn check_user(shelves: &Shelves<Writable<'_>>, id: UserId) -> Result<(), StoreError> {
    match shelves.find::<Account>(&id.to_string())? {
        Some(_) => Ok(()),
        None => Err(StoreError::Corrupt(format!("there is no user {id}").into())),
    }
}

#[async_trait]
impl UnitOfWork for RedbUnit {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        // A blocking task runs to its end, even if the caller is dropped.
        let finished = spawn_blocking(move || self.finish()).await;
        finished.unwrap_or_else(|lost| Err(StoreError::Unavailable(lost.into())))
    }
}
