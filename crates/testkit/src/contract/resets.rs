//! Tests of [`ResetStore`](vestibule_domain::ports::ResetStore) and of finding resets.

use std::task::Poll;

use time::Duration;
use vestibule_domain::model::id::ResetId;
use vestibule_domain::model::password_reset::PasswordReset;
use vestibule_domain::ports::Store;

use super::given::{self, LINK_TTL};
use super::soon;

/// "Adds a request, for an address with or without an account."
pub async fn a_request_is_stored_with_or_without_an_account(store: &dyn Store) {
    given::stored_user(store, "anna").await;
    for name in ["anna", "unknown"] {
        let request = given::request(name, given::noon());
        commit!(store, insert_reset_request(&request));
        assert_eq!(commit!(store, take_reset_request()), Some(request));
    }
}

/// "Adds a reset request …; durable and visible when this returns. Needs no unit."
pub async fn a_request_needs_no_unit(store: &dyn Store) {
    let request = given::request("unknown", given::noon());
    store.add_reset_request(&request).await.unwrap();
    assert_eq!(commit!(store, take_reset_request()), Some(request));
    assert_eq!(commit!(store, take_reset_request()), None);
}

/// "Once begun, it is finished even if the caller stops waiting."
pub async fn a_request_is_written_though_its_caller_stopped_waiting(store: &dyn Store) {
    let request = given::request("unknown", given::noon());
    let mut writing = store.add_reset_request(&request);
    // The first poll begins it.
    let begun = std::future::poll_fn(|context| Poll::Ready(writing.as_mut().poll(context)));
    let _ = begun.await;
    drop(writing);
    let taken = soon(async || commit!(store, take_reset_request())).await;
    assert_eq!(taken, request);
}

/// "Removes and returns the oldest request."
pub async fn requests_are_taken_oldest_first(store: &dyn Store) {
    assert_eq!(commit!(store, take_reset_request()), None);
    let [second, first, third] =
        [1, 0, 2].map(|s| given::request("anna", given::noon() + Duration::seconds(s)));
    for request in [&second, &first, &third] {
        commit!(store, insert_reset_request(request));
    }
    for request in [first, second, third] {
        assert_eq!(commit!(store, take_reset_request()), Some(request));
    }
    assert_eq!(commit!(store, take_reset_request()), None);
}

/// "… a rollback puts it back."
pub async fn a_rollback_puts_a_request_back(store: &dyn Store) {
    let request = given::request("anna", given::noon());
    commit!(store, insert_reset_request(&request));
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.take_reset_request().await.unwrap(), Some(request.clone()));
    assert_eq!(unit.take_reset_request().await.unwrap(), None);
    drop(unit);
    assert_eq!(soon(async || commit!(store, take_reset_request())).await, request);
}

/// "Returns the resets issued to a user at or after `since`, newest first."
pub async fn recent_resets_are_newest_first(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    given::stored_reset(store, &berta, given::noon()).await;
    let mut issued = Vec::new();
    for minute in 0..4 {
        let at = given::noon() + Duration::minutes(minute);
        issued.push(given::stored_reset(store, &anna, at).await);
    }
    commit!(store, spend_reset(issued[3].id, issued[3].issued_at));

    let recent = commit!(store, recent_resets(anna.id, issued[1].issued_at));
    let ids: Vec<ResetId> = recent.iter().map(|reset| reset.id).collect();
    assert_eq!(ids, [issued[3].id, issued[2].id, issued[1].id]);
    assert_eq!(recent[0].used_at, Some(issued[3].issued_at));
    let later = issued[3].issued_at + Duration::MICROSECOND;
    assert_eq!(commit!(store, recent_resets(anna.id, later)), []);
    assert_eq!(commit!(store, recent_resets(given::user("unknown").id, given::noon())), []);
}

/// "Returns the reset with its user."
pub async fn a_reset_is_found_with_its_user(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let reset = given::stored_reset(store, &anna, given::noon()).await;
    let unknown = given::reset(&anna, given::noon());
    assert_eq!(store.find_reset(reset.id).await.unwrap(), Some((reset, anna)));
    assert_eq!(store.find_reset(unknown.id).await.unwrap(), None);
}

/// "Adds a reset, and supersedes all earlier ones of the user."
pub async fn a_reset_supersedes_all_earlier_ones(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let used = given::stored_reset(store, &anna, given::noon()).await;
    commit!(store, spend_reset(used.id, given::noon()));
    let earlier = given::stored_reset(store, &anna, given::noon()).await;
    let newest = given::stored_reset(store, &anna, given::noon() + Duration::MINUTE).await;

    let superseded_at = |reset: &PasswordReset| {
        let found = store.find_reset(reset.id);
        async { found.await.unwrap().unwrap().0.superseded_at }
    };
    assert_eq!(superseded_at(&earlier).await, Some(newest.issued_at));
    assert_eq!(superseded_at(&newest).await, None);
    assert_eq!(commit!(store, spend_reset(earlier.id, given::noon())), None);
    assert!(commit!(store, spend_reset(newest.id, newest.issued_at)).is_some());
}

/// "… of the user": the resets of other users stay valid.
pub async fn a_reset_supersedes_none_of_other_users(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let foreign = given::stored_reset(store, &berta, given::noon()).await;
    given::stored_reset(store, &anna, given::noon()).await;
    assert_eq!(store.find_reset(foreign.id).await.unwrap(), Some((foreign.clone(), berta)));
    assert!(commit!(store, spend_reset(foreign.id, given::noon())).is_some());
}

/// "Returns `false`, and changes nothing, if its user does not exist."
pub async fn a_reset_without_a_user_is_not_added(store: &dyn Store) {
    let reset = given::reset(&given::user("unknown"), given::noon());
    let anna = given::user("anna");
    let mut unit = store.begin().await.unwrap();
    assert!(!unit.insert_reset(&reset).await.unwrap());
    unit.insert_user(&anna).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(store.find_reset(reset.id).await.unwrap(), None);
    assert_eq!(store.find_user(anna.id).await.unwrap(), Some(anna));
}

/// "Uses up a reset … Returns `None`, and changes nothing, if it is … used."
pub async fn a_reset_is_used_once(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let reset = given::stored_reset(store, &anna, given::noon()).await;
    let at = given::noon() + Duration::MINUTE;
    let spent = PasswordReset { used_at: Some(at), ..reset.clone() };
    assert_eq!(commit!(store, spend_reset(reset.id, at)), Some(spent.clone()));
    assert_eq!(commit!(store, spend_reset(reset.id, at + Duration::MINUTE)), None);
    assert_eq!(store.find_reset(reset.id).await.unwrap(), Some((spent, anna)));
}

/// "Returns `None`, and changes nothing, if it is unknown."
pub async fn an_unknown_reset_is_not_used(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let unknown = given::reset(&anna, given::noon());
    assert_eq!(commit!(store, spend_reset(unknown.id, given::noon())), None);
}

/// "… superseded …"
pub async fn a_superseded_reset_is_not_used(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let earlier = given::stored_reset(store, &anna, given::noon()).await;
    given::stored_reset(store, &anna, given::noon()).await;
    assert_is_not_spent(store, &earlier).await;
}

/// "… or expired at `now` …"
pub async fn an_expired_reset_is_not_used(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let reset = given::stored_reset(store, &anna, given::noon()).await;
    let expiry = given::noon() + LINK_TTL;
    assert_eq!(commit!(store, spend_reset(reset.id, expiry)), None);
    assert_eq!(store.find_reset(reset.id).await.unwrap().unwrap().0.used_at, None);
    assert!(commit!(store, spend_reset(reset.id, expiry - Duration::MICROSECOND)).is_some());
}

/// "… or if its user is inactive …"
pub async fn a_reset_of_an_inactive_user_is_not_used(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let reset = given::stored_reset(store, &anna, given::noon()).await;
    commit!(store, set_active(anna.id, false));
    assert_is_not_spent(store, &reset).await;
}

/// "… or has another credentials version …"
pub async fn a_reset_of_another_credentials_version_is_not_used(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let reset = given::stored_reset(store, &anna, given::noon()).await;
    commit!(store, advance_credentials_version(anna.id, anna.credentials_version));
    assert_is_not_spent(store, &reset).await;
}

/// "… or address than at issue."
pub async fn a_reset_of_another_address_is_not_used(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let email_key = given::user("former").email.key().clone();
    let reset = PasswordReset { email_key, ..given::reset(&anna, given::noon()) };
    assert!(commit!(store, insert_reset(&reset)));
    assert_is_not_spent(store, &reset).await;
}

async fn assert_is_not_spent(store: &dyn Store, reset: &PasswordReset) {
    let before = store.find_reset(reset.id).await.unwrap();
    assert_eq!(commit!(store, spend_reset(reset.id, given::noon())), None);
    assert_eq!(store.find_reset(reset.id).await.unwrap(), before);
}
