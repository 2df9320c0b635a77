//! Contract and concurrency tests of the store on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

#[path = "fixtures/postgres.rs"]
mod fixture;

mod postgres {
    use std::sync::Arc;

    use sea_orm::ConnectionTrait;
    use vestibule_domain::ports::{Store, StoreError};
    use vestibule_testkit::contract::given;
    use vestibule_testkit::{store_contract, store_races};

    use crate::fixture::{connect, fresh};

    store_contract!(fresh);
    store_races!(fresh);

    /// Two nodes of one service, each with its own pool.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_reset_is_spent_on_one_of_two_nodes() {
        let fixture = fresh().await;
        let other = connect(&fixture.name).await;
        let anna = given::stored_user(&fixture.sea, "anna").await;
        for _ in 0..20 {
            let reset = given::stored_reset(&fixture.sea, &anna, given::noon()).await;
            let spend = |store: Arc<dyn Store>| async move {
                let mut unit = store.begin().await.unwrap();
                let spent = unit.spend_reset(reset.id, given::noon()).await.unwrap();
                unit.commit().await.unwrap();
                spent.is_some()
            };
            let (here, there) =
                tokio::join!(spend(fixture.store()), spend(Arc::new(other.clone())));
            assert!(here ^ there);
        }
        other.close().await;
        fixture.close().await;
    }

    /// Workers skip rows that another worker has locked.
    #[tokio::test]
    async fn units_skip_rows_locked_by_another_unit() {
        let fixture = fresh().await;
        let store = fixture.store();
        let anna = given::stored_user(&*store, "anna").await;
        let mail = given::stored_welcome(&*store, &anna, given::noon()).await;
        let requests = ["first", "second"].map(|name| given::request(name, given::noon()));
        let mut unit = store.begin().await.unwrap();
        for request in &requests {
            unit.insert_reset_request(request).await.unwrap();
        }
        unit.commit().await.unwrap();

        let mut one = store.begin().await.unwrap();
        let mut other = store.begin().await.unwrap();
        let lease = given::lease(given::noon());
        assert_eq!(one.claim_mails(given::noon(), lease, 9).await.unwrap()[0].id, mail.id);
        assert_eq!(other.claim_mails(given::noon(), lease, 9).await.unwrap(), []);
        let [first, second] = requests.map(Some);
        assert_eq!(one.take_reset_request().await.unwrap(), first);
        assert_eq!(other.take_reset_request().await.unwrap(), second);
        drop((one, other));
        fixture.close().await;
    }

    #[tokio::test]
    async fn a_lost_connection_is_unavailable_and_the_next_one_works() {
        let fixture = fresh().await;
        let store = fixture.store();
        let anna = given::user("anna");
        let mut unit = store.begin().await.unwrap();
        unit.insert_user(&anna).await.unwrap();
        let killer = connect("postgres").await;
        let kill = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            fixture.name
        );
        killer.connection().execute_unprepared(&kill).await.unwrap();
        killer.close().await;

        assert!(matches!(unit.commit().await, Err(StoreError::Unavailable(_))));
        assert_eq!(store.find_user(anna.id).await.unwrap(), None);
        given::stored_user(&*store, "anna").await;
        fixture.close().await;
    }
}
