//! Concurrent units with the setup link and the SMTP settings.

use std::sync::Arc;

use time::Duration;
use vestibule_domain::model::smtp_settings::SmtpTest;
use vestibule_domain::model::user::UserFilter;
use vestibule_domain::ports::Store;

use super::{CONTESTANTS, at_once, successes};
use crate::contract::given;

/// "Uses up the setup link: of any number of concurrent units exactly one gets `true`."
pub async fn one_of_many_units_uses_a_setup_link(store: Arc<dyn Store>) {
    let link = given::digest();
    commit!(store, save_setup_link(&link, given::noon() + Duration::HOUR));
    let spent = at_once(&store, CONTESTANTS, |number, store| async move {
        let mut unit = store.begin().await.unwrap();
        let spent = unit.spend_setup_link(&link, given::noon()).await.unwrap();
        // Like the setup, which adds an administrator only if the link was used.
        if spent {
            unit.insert_user(&given::user(&format!("admin{number}"))).await.unwrap();
        }
        unit.commit().await.unwrap();
        spent
    });
    assert_eq!(successes(&spent.await), 1);
    assert_eq!(store.list_users(&UserFilter::default(), None, 100).await.unwrap().len(), 1);
}

/// "Returns `false` … if those settings were replaced meanwhile", and several units may save the
/// first settings at once.
pub async fn a_test_and_a_replacement_can_be_concurrent(store: Arc<dyn Store>) {
    let earlier = given::smtp("old.example.com").saved_at;
    let saved_at = earlier + Duration::HOUR;
    at_once(&store, CONTESTANTS, |number, store| async move {
        let mut smtp = given::smtp("smtp.example.com");
        if number % 2 == 0 {
            smtp.saved_at = saved_at;
            return commit!(store, save_smtp_settings(&smtp));
        }
        let to = smtp.smtp.from_address;
        let test = SmtpTest { at: given::noon(), to, succeeded: true };
        assert!(!commit!(store, record_smtp_test(earlier, &test)));
    })
    .await;
    let found = store.find_smtp_settings().await.unwrap().unwrap();
    assert_eq!((found.saved_at, found.tested), (saved_at, None));
}
