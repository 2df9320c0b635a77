//! The contract suite of the store, and tests of persistence.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use example_store::RedbStore;
use tempfile::TempDir;
use vestibule_domain::ports::{Store, StoreError};
use vestibule_testkit::contract::given;
use vestibule_testkit::{store_contract, store_races};

/// An empty store in a temporary folder.
struct Fixture {
    store: RedbStore,
    directory: TempDir,
}

impl Fixture {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    #[expect(clippy::unused_async, reason = "other stores may need async")]
    async fn close(self) {
        self.directory.close().unwrap();
    }
}

#[expect(clippy::unused_async, reason = "other stores may need async")]
async fn fresh() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(&directory.path().join("accounts.redb")).unwrap();
    Fixture { store, directory }
}

store_contract!(fresh);
store_races!(fresh);

#[tokio::test]
async fn only_committed_data_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("accounts.redb");
    let store = RedbStore::open(&path).unwrap();
    let anna = given::stored_user(&store, "anna").await;
    let session = given::stored_session(&store, &anna).await;
    let mut unit = store.begin().await.unwrap();
    unit.insert_user(&given::user("berta")).await.unwrap();
    // Not committed.
    drop(unit);
    drop(store);

    let store = RedbStore::open(&path).unwrap();
    assert_eq!(store.find_session(session.id).await.unwrap(), Some((session, anna)));
    assert_eq!(store.find_user_by_email(&given::address("berta")).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_that_is_in_use_is_not_opened_again() {
    let fixture = fresh().await;
    let path = fixture.directory.path().join("accounts.redb");
    assert!(matches!(RedbStore::open(&path).err(), Some(StoreError::Unavailable(_))));
}
