//! The rules of [`Installation`](vestibule_domain::ports::Installation) and of what is asked of it.

use time::{Duration, OffsetDateTime};
use vestibule_domain::email::EmailAddress;
use vestibule_domain::ports::Store;
use vestibule_domain::relay::{
    Relay, RelayCredentials, RelayPassword, RelaySecurity, RelayTest, SenderName, StoredRelay,
};

use super::given;

/// A test that was sent a minute after the rules began.
fn test(succeeded: bool) -> RelayTest {
    let to = EmailAddress::parse("Admin@Example.com").unwrap();
    RelayTest { at: given::noon() + Duration::MINUTE, to, succeeded }
}

async fn found(store: &dyn Store) -> StoredRelay {
    store.find_relay().await.unwrap().unwrap()
}

/// "The relay an administrator has described, if any has."
pub async fn a_relay_comes_back_as_it_was_saved(store: &dyn Store) {
    assert_eq!(store.find_relay().await.unwrap(), None);
    for (security, host) in [
        (RelaySecurity::StartTls, "smtp.example.com"),
        (RelaySecurity::Tls, "2001:db8::25"),
        (RelaySecurity::None, "localhost"),
    ] {
        let mut stored = given::relay(host);
        stored.relay.security = security;
        stored.relay.from_name = Some(SenderName::parse("Zoë's Café").unwrap());
        commit!(store, save_relay(&stored));
        assert_eq!(found(store).await, stored);
    }
    let bare = StoredRelay { sealed_credentials: None, ..given::relay("smtp.example.com") };
    commit!(store, save_relay(&bare));
    assert_eq!(found(store).await, bare);
}

/// "Keeps the description of the relay, in place of any earlier one": nothing of that remains, and
/// no test of it speaks for this one.
pub async fn a_relay_replaces_the_earlier_one_and_its_test(store: &dyn Store) {
    let earlier = given::relay("old.example.com");
    commit!(store, save_relay(&earlier));
    assert!(commit!(store, note_relay_test(earlier.saved_at, &test(true))));
    let tested = found(store).await;

    let saved_at = earlier.saved_at + Duration::MICROSECOND;
    let later = given::relay("new.example.com");
    let later = StoredRelay { sealed_credentials: None, saved_at, ..later };
    let mislabelled = StoredRelay { tested: tested.tested, ..later.clone() };
    commit!(store, save_relay(&mislabelled));
    assert_eq!(found(store).await, later);
}

/// A description is "everything but the credentials": a password that is not sealed is not kept.
pub async fn a_bare_password_is_not_kept(store: &dyn Store) {
    let stored = given::relay("smtp.example.com");
    let password = RelayPassword::new("word".to_owned());
    let credentials = Some(RelayCredentials::new("mailer", password).unwrap());
    let relay = Relay { credentials, ..stored.relay.clone() };
    commit!(store, save_relay(&StoredRelay { relay, ..stored.clone() }));
    assert_eq!(found(store).await, stored);
}

/// "Keeps what came of a test of the description saved at `saved_at`."
pub async fn a_test_is_kept_beside_its_description(store: &dyn Store) {
    let stored = given::relay("smtp.example.com");
    commit!(store, save_relay(&stored));
    for succeeded in [false, true] {
        assert!(commit!(store, note_relay_test(stored.saved_at, &test(succeeded))));
        let tested = Some(test(succeeded));
        assert_eq!(found(store).await, StoredRelay { tested, ..stored.clone() });
    }
}

/// "Answers `false`, and changes nothing, when that description was replaced meanwhile."
pub async fn a_test_of_another_description_is_not_kept(store: &dyn Store) {
    assert!(!commit!(store, note_relay_test(given::noon(), &test(true))));
    assert_eq!(store.find_relay().await.unwrap(), None);

    let replaced_at = given::relay("smtp.example.com").saved_at;
    let saved_at = replaced_at + Duration::MICROSECOND;
    let stored = StoredRelay { saved_at, ..given::relay("smtp.example.com") };
    commit!(store, save_relay(&stored));
    assert!(!commit!(store, note_relay_test(replaced_at, &test(true))));
    assert_eq!(found(store).await, stored);
}

fn hours(hours: i64) -> OffsetDateTime {
    given::noon() + Duration::hours(hours)
}

/// "Whether a set-up link with that digest would work at `now`."
pub async fn a_setup_link_lives_until_it_expires(store: &dyn Store) {
    let (link, other) = (given::digest(), given::digest());
    assert!(!store.is_setup_link_live(&link, hours(0)).await.unwrap());
    commit!(store, save_setup_link(&link, hours(1)));
    let last = hours(1) - Duration::MICROSECOND;
    assert!(store.is_setup_link_live(&link, last).await.unwrap());
    assert!(store.is_setup_link_live(&link, last).await.unwrap(), "looking spends nothing");
    assert!(!store.is_setup_link_live(&link, hours(1)).await.unwrap());
    assert!(!store.is_setup_link_live(&other, last).await.unwrap());
}

/// "Keeps a set-up link, in place of any earlier one."
pub async fn a_setup_link_replaces_the_earlier_one(store: &dyn Store) {
    let (earlier, later) = (given::digest(), given::digest());
    commit!(store, save_setup_link(&earlier, hours(5)));
    commit!(store, save_setup_link(&later, hours(1)));
    assert!(!store.is_setup_link_live(&earlier, hours(0)).await.unwrap());
    assert!(!commit!(store, spend_setup_link(&earlier, hours(0))));
    assert!(store.is_setup_link_live(&later, hours(0)).await.unwrap());
    assert!(!store.is_setup_link_live(&later, hours(1)).await.unwrap());
}

/// "Spends the set-up link."
pub async fn a_setup_link_is_spent_once(store: &dyn Store) {
    let link = given::digest();
    commit!(store, save_setup_link(&link, hours(1)));
    assert!(commit!(store, spend_setup_link(&link, hours(1) - Duration::MICROSECOND)));
    assert!(!commit!(store, spend_setup_link(&link, hours(0))));
    assert!(!store.is_setup_link_live(&link, hours(0)).await.unwrap());
}

/// "`false`, and nothing changed, when there is none with that digest …"
pub async fn an_unknown_setup_link_is_not_spent(store: &dyn Store) {
    let (link, other) = (given::digest(), given::digest());
    assert!(!commit!(store, spend_setup_link(&other, hours(0))));
    commit!(store, save_setup_link(&link, hours(1)));
    assert!(!commit!(store, spend_setup_link(&other, hours(0))));
    assert!(commit!(store, spend_setup_link(&link, hours(0))));
}

/// "… or it expired at `now`."
pub async fn an_expired_setup_link_is_not_spent(store: &dyn Store) {
    let link = given::digest();
    commit!(store, save_setup_link(&link, hours(1)));
    assert!(!commit!(store, spend_setup_link(&link, hours(1))));
    // Whoever asked had a clock that was wrong; the link is as it was.
    assert!(store.is_setup_link_live(&link, hours(0)).await.unwrap());
}

/// "Spends the set-up link": a unit that is discarded has spent nothing.
pub async fn a_setup_link_whose_spender_gave_up_still_works(store: &dyn Store) {
    let link = given::digest();
    commit!(store, save_setup_link(&link, hours(1)));
    let mut unit = store.begin().await.unwrap();
    assert!(unit.spend_setup_link(&link, hours(0)).await.unwrap());
    drop(unit);
    assert!(commit!(store, spend_setup_link(&link, hours(0))));
}
