//! A storage adapter of one's own: the accounts in one file of [redb], an embedded key-value store.
//!
//! It is here to be read, and to show what it takes: implement
//! [`Store`](vestibule_domain::ports::Store) and the traits of its unit of work, give
//! `vestibule-testkit` an empty store, and its contract suite says what is missing.
//! Read in this order: [`shelves`] (two tables of text), [`records`] (what stands in them),
//! [`mod@unit`] (the verbs), and `reads`.
//!
//! It keeps every promise of the port, and still is not for everybody:
//! - One process has the file; a second one is refused. For two nodes, take a database server.
//! - One unit is open at a time, and each commit waits for the disk: so many writes a second as the
//!   disk confirms, one after the other.
//! - Clearing away, counting and the administrators' search read every record of a kind, and the
//!   worker every mail that waits. That is nothing with thousands of accounts, and too much with
//!   millions.
//! - A read of a page that is not in memory blocks the thread that asks. Files on a network are
//!   not for it.

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

/// The store. Clones share the file.
#[derive(Clone)]
pub struct RedbStore {
    database: Arc<Database>,
    /// Whoever holds it may write.
    turn: Arc<Mutex<()>>,
}

impl RedbStore {
    /// Opens the file, or makes it, for its owner alone: it holds password hashes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when another process has it, or the disk does not play along.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(|error| StoreError::Unavailable(error.into()))?;
        let file = FileBackend::new(file).map_err(trouble)?;
        let database = Builder::new().create_with_backend(file).map_err(trouble)?;
        let first = database.begin_write().map_err(trouble)?;
        // A reader finds no table that nobody has opened for writing yet.
        drop(Shelves::to_write(&first)?);
        first.commit().map_err(trouble)?;
        Ok(Self { database: Arc::new(database), turn: Arc::default() })
    }

    /// Asks what has been committed by now.
    fn read<T>(
        &self,
        question: impl FnOnce(Shelves<Readable>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let now = self.database.begin_read().map_err(trouble)?;
        question(Shelves::to_read(&now)?)
    }

    /// Waits for the turn without a thread, so that those who wait keep nobody from committing.
    async fn unit(&self) -> Result<RedbUnit, StoreError> {
        let turn: OwnedMutexGuard<()> = Arc::clone(&self.turn).lock_owned().await;
        Ok(RedbUnit::new(self.database.begin_write().map_err(trouble)?, turn))
    }
}

/// As many as fit, at most `limit`.
fn at_most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
