//! Many units at once, and what the installation remembers about itself.

use std::sync::Arc;

use time::Duration;
use vestibule_domain::ports::Store;
use vestibule_domain::relay::RelayTest;
use vestibule_domain::user::UserFilter;

use super::{CONTESTANTS, at_once, successes};
use crate::contract::given;

/// "Spends the set-up link: of any number of concurrent units exactly one is answered `true`."
pub async fn one_of_many_units_spends_a_setup_link(store: Arc<dyn Store>) {
    let link = given::digest();
    commit!(store, save_setup_link(&link, given::noon() + Duration::HOUR));
    let spent = at_once(&store, CONTESTANTS, |number, store| async move {
        let mut unit = store.begin().await.unwrap();
        let spent = unit.spend_setup_link(&link, given::noon()).await.unwrap();
        // As a set-up goes on: with an administrator, who is there only if the link was spent.
        if spent {
            unit.insert_user(&given::user(&format!("admin{number}"))).await.unwrap();
        }
        unit.commit().await.unwrap();
        spent
    });
    assert_eq!(successes(&spent.await), 1);
    assert_eq!(store.list_users(&UserFilter::default(), None, 100).await.unwrap().len(), 1);
}

/// "Answers `false` … when that description was replaced meanwhile", and several may describe the
/// relay for the first time at once.
pub async fn a_test_and_a_replacement_go_together(store: Arc<dyn Store>) {
    let earlier = given::relay("old.example.com").saved_at;
    let saved_at = earlier + Duration::HOUR;
    at_once(&store, CONTESTANTS, |number, store| async move {
        let mut relay = given::relay("smtp.example.com");
        if number % 2 == 0 {
            relay.saved_at = saved_at;
            return commit!(store, save_relay(&relay));
        }
        let to = relay.relay.from_address;
        let test = RelayTest { at: given::noon(), to, succeeded: true };
        assert!(!commit!(store, note_relay_test(earlier, &test)));
    })
    .await;
    let found = store.find_relay().await.unwrap().unwrap();
    assert_eq!((found.saved_at, found.tested), (saved_at, None));
}
