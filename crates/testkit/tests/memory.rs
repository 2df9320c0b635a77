//! The store in memory keeps the contract that the real ones keep.

use std::sync::Arc;

use vestibule_domain::ports::Store;
use vestibule_testkit::memory::MemoryStore;
use vestibule_testkit::{store_contract, store_races};

struct Fixture(Arc<MemoryStore>);

impl Fixture {
    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    #[expect(clippy::unused_async, reason = "the other stores have something to wait for")]
    async fn close(self) {
        assert_eq!(self.0.open_units(), 0);
    }
}

#[expect(clippy::unused_async, reason = "the other stores have something to wait for")]
async fn fresh() -> Fixture {
    Fixture(Arc::default())
}

store_contract!(fresh);
store_races!(fresh);

#[tokio::test]
async fn open_units_are_counted() {
    let store = MemoryStore::default();
    assert_eq!(store.open_units(), 0);
    let unit = store.begin().await.unwrap();
    assert_eq!(store.open_units(), 1);
    drop(unit);
    assert_eq!(store.open_units(), 0);
    store.begin().await.unwrap().commit().await.unwrap();
    assert_eq!(store.open_units(), 0);
}
