//! Tests of [`Store::begin`], [`Store::ping`] and the commit.

use std::task::{Context, Waker};

use time::Duration;
use vestibule_domain::model::audit::AuditAction;
use vestibule_domain::model::sign_in_failures::FailureCount;
use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::ports::Store;

use super::{given, soon};

/// "Returns if the store is reachable."
pub async fn a_reachable_store_is_reported(store: &dyn Store) {
    store.ping().await.unwrap();
}

/// "Its writes are not visible outside until it is committed."
pub async fn nothing_is_visible_before_the_commit(store: &dyn Store) {
    let anna = given::user("anna");
    let (key, link) = (given::digest(), given::digest());
    let refresh = given::refresh();
    let family = refresh.family;
    let session = given::session(&anna).in_browser(key).refreshed_by(refresh);
    let (from, noon) = (given::network("192.0.2.1"), given::noon());
    let reset = given::reset(&anna, given::noon());
    let mut unit = store.begin().await.unwrap();
    unit.insert_user(&anna).await.unwrap();
    unit.set_password(anna.id, &given::hash("new"), given::noon()).await.unwrap();
    unit.insert_session(&session).await.unwrap();
    unit.insert_reset(&reset).await.unwrap();
    unit.enqueue(&given::welcome(&anna, given::noon())).await.unwrap();
    unit.save_smtp_settings(&given::smtp("smtp.example.com")).await.unwrap();
    unit.save_setup_link(&link, given::noon() + Duration::HOUR).await.unwrap();
    unit.record(&given::event(AuditAction::SignedUp, Some(anna.id), noon)).await.unwrap();
    unit.count_failure(anna.email.key(), from, noon, noon).await.unwrap();

    let failures = store.find_failures(anna.email.key(), from).await.unwrap();
    assert_eq!(failures, FailureCount::default());
    assert_eq!(store.find_refreshed_session(&family).await.unwrap(), None);
    assert_eq!(store.list_events(None, None, 10).await.unwrap(), []);
    assert_eq!(store.find_user(anna.id).await.unwrap(), None);
    assert_eq!(store.find_user_by_email(anna.email.key()).await.unwrap(), None);
    assert_eq!(store.find_password(anna.id).await.unwrap(), None);
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
    assert_eq!(store.find_reset(reset.id).await.unwrap(), None);
    assert_eq!(store.list_users(&UserFilter::default(), None, 10).await.unwrap(), []);
    assert_eq!(store.find_browser_session(&key).await.unwrap(), None);
    assert_eq!(store.list_sessions(anna.id).await.unwrap(), []);
    assert_eq!(store.list_mails(None, 10).await.unwrap(), []);
    assert_eq!(store.find_smtp_settings().await.unwrap(), None);
    assert!(!store.is_setup_link_live(&link, given::noon()).await.unwrap());

    unit.commit().await.unwrap();
    assert_eq!(store.find_user(anna.id).await.unwrap(), Some(anna));
}

/// "Dropping it rolls back."
pub async fn a_dropped_unit_is_rolled_back(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::user("berta");
    let session = given::session(&anna);
    let link = given::digest();
    let (from, noon) = (given::network("192.0.2.1"), given::noon());
    let mut unit = store.begin().await.unwrap();
    unit.record(&given::event(AuditAction::SignedUp, Some(anna.id), noon)).await.unwrap();
    unit.count_failure(anna.email.key(), from, noon, noon).await.unwrap();
    unit.insert_user(&berta).await.unwrap();
    unit.advance_credentials_version(anna.id, anna.credentials_version).await.unwrap();
    unit.set_password(anna.id, &given::hash("new"), given::noon()).await.unwrap();
    unit.insert_session(&session).await.unwrap();
    unit.insert_reset_request(&given::request("anna", given::noon())).await.unwrap();
    unit.enqueue(&given::welcome(&anna, given::noon())).await.unwrap();
    unit.save_smtp_settings(&given::smtp("smtp.example.com")).await.unwrap();
    unit.save_setup_link(&link, given::noon() + Duration::HOUR).await.unwrap();
    drop(unit);

    let failures = store.find_failures(anna.email.key(), from).await.unwrap();
    assert_eq!(failures, FailureCount::default());
    assert_eq!(store.list_events(None, None, 10).await.unwrap(), []);
    assert_eq!(store.find_user(anna.id).await.unwrap(), Some(anna.clone()));
    assert_eq!(store.find_user(berta.id).await.unwrap(), None);
    assert_eq!(store.find_password(anna.id).await.unwrap(), None);
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
    let lease = given::lease(given::noon() + Duration::HOUR);
    assert_eq!(store.find_smtp_settings().await.unwrap(), None);
    assert!(!store.is_setup_link_live(&link, given::noon()).await.unwrap());
    assert_eq!(commit!(store, take_reset_request()), None);
    assert_eq!(commit!(store, claim_mails(given::noon(), lease, 10)), []);
}

/// "Makes all writes of the unit durable and visible, atomically."
pub async fn a_commit_stores_all_writes_of_the_unit(store: &dyn Store) {
    let anna = given::user("anna");
    let session = given::session(&anna);
    let mail = given::welcome(&anna, given::noon());
    let mut unit = store.begin().await.unwrap();
    unit.insert_user(&anna).await.unwrap();
    unit.set_password(anna.id, &given::hash("new"), given::noon()).await.unwrap();
    unit.insert_session(&session).await.unwrap();
    unit.enqueue(&mail).await.unwrap();
    unit.commit().await.unwrap();

    let found = store.find_user_by_email(anna.email.key()).await.unwrap();
    assert_eq!(found, Some((anna.clone(), Some(given::hash("new")))));
    assert_eq!(store.find_session(session.id).await.unwrap(), Some((session, anna)));
    let lease = given::lease(given::noon() + Duration::HOUR);
    let claimed = commit!(store, claim_mails(given::noon(), lease, 10));
    assert_eq!(claimed.len(), 1);
}

/// "Once begun, it is finished even if the caller stops waiting."
pub async fn a_commit_is_finished_though_its_caller_stopped_waiting(store: &dyn Store) {
    let anna = given::user("anna");
    let mut unit = store.begin().await.unwrap();
    unit.insert_user(&anna).await.unwrap();
    // Polls the commit once, which begins it, and then drops it.
    let mut commit = unit.commit();
    let _ = commit.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    drop(commit);

    let found = soon(async || store.find_user(anna.id).await.unwrap()).await;
    assert_eq!(found, anna);
}

/// "Times are stored to the microsecond."
pub async fn times_are_stored_to_the_microsecond(store: &dyn Store) {
    for (name, nanoseconds) in [("anna", 0), ("berta", 1_000), ("clara", 999_999_000)] {
        let created_at = given::noon().replace_nanosecond(nanoseconds).unwrap();
        let user = User { created_at, ..given::user(name) };
        commit!(store, insert_user(&user));
        assert_eq!(store.find_user(user.id).await.unwrap(), Some(user));
    }
}
