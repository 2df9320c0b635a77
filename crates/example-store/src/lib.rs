//! An example of a storage adapter: accounts in a file of [redb], an embedded key-value store.
//!
//! To write your own, implement [`Store`](vestibule_domain::ports::Store) and the traits of its
//! unit of work, and run the contract suite of `vestibule-testkit`. Read [`shelves`] (two tables of
//! text), [`records`] (their contents), [`mod@unit`] (the operations), then `reads`.
//!
//! It fulfils the whole contract, with these limitations:
//! - Only one process can open the file. For two nodes, use a database server.
//! - One unit of work is open at a time, and each commit waits for the disk, so the disk limits the
//!   number of writes per second.
//! - Deleting old records, counting and the administrators' search read all records of a kind, and
//!   the worker all waiting mails. This works for thousands of accounts, not for millions.
//! - A read of a page that is not in memory blocks the calling thread. Do not use network file
//!   systems.

mod reads;
mod records;
mod shelves;
mod unit;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase as _};
use tokio::sync::{Mutex, OwnedMutexGuard};
use vestibule_domain::ports::StoreError;

use shelves::{Readable, Shelves, trouble};
use unit::RedbUnit;

/// A store in a file. Clones share it.
#[derive(Clone)]
pub struct RedbStore {
    database: Arc<Database>,
    /// Held while writing.
    turn: Arc<Mutex<()>>,
}

impl RedbStore {
    /// Opens or creates the file, readable only by its owner because it contains password hashes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if another process has opened it, or the disk fails.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(|error| StoreError::Unavailable(error.into()))?;
        let file = FileBackend::new(file).map_err(trouble)?;
        let database = Builder::new().create_with_backend(file).map_err(trouble)?;
        let first = database.begin_write().map_err(trouble)?;
        // Creates the tables, so that readers find them.
        drop(Shelves::to_write(&first)?);
        first.commit().map_err(trouble)?;
        Ok(Self { database: Arc::new(database), turn: Arc::default() })
    }

    /// Begins a read of the committed state.
    fn read<T>(
        &self,
        question: impl FnOnce(Shelves<Readable>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let now = self.database.begin_read().map_err(trouble)?;
        question(Shelves::to_read(&now)?)
    }

    /// Waits for the lock without blocking a thread, so that waiting units do not prevent commits.
    async fn unit(&self) -> Result<RedbUnit, StoreError> {
        let turn: OwnedMutexGuard<()> = Arc::clone(&self.turn).lock_owned().await;
        Ok(RedbUnit::new(self.database.begin_write().map_err(trouble)?, turn))
    }
}

/// Returns at most `limit` items.
fn at_most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
