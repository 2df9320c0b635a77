//! Tests of [`InstallationStore`](vestibule_domain::ports::InstallationStore) and of reading it.

use time::{Duration, OffsetDateTime};
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::smtp_settings::{
    SenderName, SmtpCredentials, SmtpPassword, SmtpSecurity, SmtpSettings, SmtpTest,
    StoredSmtpSettings,
};
use vestibule_domain::ports::Store;

use super::given;

/// A test mail, sent a minute after noon.
fn test(succeeded: bool) -> SmtpTest {
    let to = EmailAddress::parse("Admin@Example.com").unwrap();
    SmtpTest { at: given::noon() + Duration::MINUTE, to, succeeded }
}

async fn found(store: &dyn Store) -> StoredSmtpSettings {
    store.find_smtp_settings().await.unwrap().unwrap()
}

/// "Returns the SMTP settings that an administrator saved."
pub async fn smtp_settings_are_read_as_they_were_saved(store: &dyn Store) {
    assert_eq!(store.find_smtp_settings().await.unwrap(), None);
    for (security, host) in [
        (SmtpSecurity::StartTls, "smtp.example.com"),
        (SmtpSecurity::Tls, "2001:db8::25"),
        (SmtpSecurity::None, "localhost"),
    ] {
        let mut stored = given::smtp(host);
        stored.smtp.security = security;
        stored.smtp.from_name = Some(SenderName::parse("Zoë's Café").unwrap());
        commit!(store, save_smtp_settings(&stored));
        assert_eq!(found(store).await, stored);
    }
    let bare = StoredSmtpSettings { sealed_credentials: None, ..given::smtp("smtp.example.com") };
    commit!(store, save_smtp_settings(&bare));
    assert_eq!(found(store).await, bare);
}

/// "Saves the SMTP settings, replacing earlier ones", with their test.
pub async fn smtp_settings_replace_the_earlier_ones_and_their_test(store: &dyn Store) {
    let earlier = given::smtp("old.example.com");
    commit!(store, save_smtp_settings(&earlier));
    assert!(commit!(store, record_smtp_test(earlier.saved_at, &test(true))));
    let tested = found(store).await;

    let saved_at = earlier.saved_at + Duration::MICROSECOND;
    let later = given::smtp("new.example.com");
    let later = StoredSmtpSettings { sealed_credentials: None, saved_at, ..later };
    let mislabelled = StoredSmtpSettings { tested: tested.tested, ..later.clone() };
    commit!(store, save_smtp_settings(&mislabelled));
    assert_eq!(found(store).await, later);
}

/// A password that is not sealed is not stored.
pub async fn an_unsealed_password_is_not_stored(store: &dyn Store) {
    let stored = given::smtp("smtp.example.com");
    let password = SmtpPassword::new("word".to_owned());
    let credentials = Some(SmtpCredentials::new("mailer", password).unwrap());
    let smtp = SmtpSettings { credentials, ..stored.smtp.clone() };
    commit!(store, save_smtp_settings(&StoredSmtpSettings { smtp, ..stored.clone() }));
    assert_eq!(found(store).await, stored);
}

/// "Saves the result of a test of the settings saved at `saved_at`."
pub async fn a_test_is_stored_with_its_settings(store: &dyn Store) {
    let stored = given::smtp("smtp.example.com");
    commit!(store, save_smtp_settings(&stored));
    for succeeded in [false, true] {
        assert!(commit!(store, record_smtp_test(stored.saved_at, &test(succeeded))));
        let tested = Some(test(succeeded));
        assert_eq!(found(store).await, StoredSmtpSettings { tested, ..stored.clone() });
    }
}

/// "Returns `false`, and changes nothing, if those settings were replaced meanwhile."
pub async fn a_test_of_replaced_settings_is_not_stored(store: &dyn Store) {
    assert!(!commit!(store, record_smtp_test(given::noon(), &test(true))));
    assert_eq!(store.find_smtp_settings().await.unwrap(), None);

    let replaced_at = given::smtp("smtp.example.com").saved_at;
    let saved_at = replaced_at + Duration::MICROSECOND;
    let stored = StoredSmtpSettings { saved_at, ..given::smtp("smtp.example.com") };
    commit!(store, save_smtp_settings(&stored));
    assert!(!commit!(store, record_smtp_test(replaced_at, &test(true))));
    assert_eq!(found(store).await, stored);
}

fn hours(hours: i64) -> OffsetDateTime {
    given::noon() + Duration::hours(hours)
}

/// "Returns `true` if a setup link with that digest is valid at `now`."
pub async fn a_setup_link_is_valid_until_it_expires(store: &dyn Store) {
    let (link, other) = (given::digest(), given::digest());
    assert!(!store.is_setup_link_live(&link, hours(0)).await.unwrap());
    commit!(store, save_setup_link(&link, hours(1)));
    let last = hours(1) - Duration::MICROSECOND;
    assert!(store.is_setup_link_live(&link, last).await.unwrap());
    assert!(store.is_setup_link_live(&link, last).await.unwrap(), "a check does not use it up");
    assert!(!store.is_setup_link_live(&link, hours(1)).await.unwrap());
    assert!(!store.is_setup_link_live(&other, last).await.unwrap());
}

/// "Saves a setup link, replacing an earlier one."
pub async fn a_setup_link_replaces_the_earlier_one(store: &dyn Store) {
    let (earlier, later) = (given::digest(), given::digest());
    commit!(store, save_setup_link(&earlier, hours(5)));
    commit!(store, save_setup_link(&later, hours(1)));
    assert!(!store.is_setup_link_live(&earlier, hours(0)).await.unwrap());
    assert!(!commit!(store, spend_setup_link(&earlier, hours(0))));
    assert!(store.is_setup_link_live(&later, hours(0)).await.unwrap());
    assert!(!store.is_setup_link_live(&later, hours(1)).await.unwrap());
}

/// "Uses up the setup link."
pub async fn a_setup_link_is_used_once(store: &dyn Store) {
    let link = given::digest();
    commit!(store, save_setup_link(&link, hours(1)));
    assert!(commit!(store, spend_setup_link(&link, hours(1) - Duration::MICROSECOND)));
    assert!(!commit!(store, spend_setup_link(&link, hours(0))));
    assert!(!store.is_setup_link_live(&link, hours(0)).await.unwrap());
}

/// "Returns `false`, and changes nothing, if there is none with that digest …"
pub async fn an_unknown_setup_link_is_not_used(store: &dyn Store) {
    let (link, other) = (given::digest(), given::digest());
    assert!(!commit!(store, spend_setup_link(&other, hours(0))));
    commit!(store, save_setup_link(&link, hours(1)));
    assert!(!commit!(store, spend_setup_link(&other, hours(0))));
    assert!(commit!(store, spend_setup_link(&link, hours(0))));
}

/// "… or it expired at `now`."
pub async fn an_expired_setup_link_is_not_used(store: &dyn Store) {
    let link = given::digest();
    commit!(store, save_setup_link(&link, hours(1)));
    assert!(!commit!(store, spend_setup_link(&link, hours(1))));
    // The clock was wrong; the link is unchanged.
    assert!(store.is_setup_link_live(&link, hours(0)).await.unwrap());
}

/// "Uses up the setup link", unless the unit is rolled back.
pub async fn a_rollback_makes_a_setup_link_valid_again(store: &dyn Store) {
    let link = given::digest();
    commit!(store, save_setup_link(&link, hours(1)));
    let mut unit = store.begin().await.unwrap();
    assert!(unit.spend_setup_link(&link, hours(0)).await.unwrap());
    drop(unit);
    assert!(commit!(store, spend_setup_link(&link, hours(0))));
}
