//! Concurrent units with reset requests and resets.

use std::sync::Arc;

use time::Duration;
use vestibule_domain::model::user::User;
use vestibule_domain::ports::Store;

use super::{CONTESTANTS, at_once, successes};
use crate::contract::{given, soon};

/// "Uses up a reset: of any number of concurrent units exactly one receives it."
pub async fn one_of_many_units_uses_a_reset(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let reset = given::stored_reset(&*store, &anna, given::noon()).await;
    let id = reset.id;
    let spent = at_once(&store, CONTESTANTS, |_, store| async move {
        commit!(store, spend_reset(id, given::noon())).is_some()
    });
    assert_eq!(successes(&spent.await), 1);
}

/// A reset and a change of password never both succeed in the same credentials version.
pub async fn either_a_reset_or_a_change_of_password_wins(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let reset = given::stored_reset(&*store, &anna, given::noon()).await;
    let User { id, credentials_version, .. } = anna;
    let won = at_once(&store, CONTESTANTS, |number, store| async move {
        let mut unit = store.begin().await.unwrap();
        let by_link = number % 2 == 0;
        if by_link && unit.spend_reset(reset.id, given::noon()).await.unwrap().is_none() {
            return false;
        }
        if !unit.advance_credentials_version(id, credentials_version).await.unwrap() {
            return false;
        }
        unit.set_password(id, &given::hash("new"), given::noon()).await.unwrap();
        unit.end_sessions(id, given::noon()).await.unwrap();
        unit.commit().await.unwrap();
        true
    });
    assert_eq!(successes(&won.await), 1);
    assert_eq!(
        store.find_user(id).await.unwrap().unwrap().credentials_version,
        credentials_version.next()
    );
}

/// "Of any number of concurrent units each request is taken by exactly one."
pub async fn each_request_is_taken_once(store: Arc<dyn Store>) {
    let mut asked = Vec::new();
    for second in 0..20 {
        let request = given::request("anna", given::noon() + Duration::seconds(second));
        commit!(store, insert_reset_request(&request));
        asked.push(request.id);
    }
    // Many workers, of which every third rolls back its first unit.
    let taken = at_once(&store, 9, |number, store| async move {
        let mut mine = Vec::new();
        let mut gives_up = number % 3 == 0;
        loop {
            let mut unit = store.begin().await.unwrap();
            match unit.take_reset_request().await.unwrap() {
                None => return mine,
                Some(_) if gives_up => gives_up = false,
                Some(request) => {
                    unit.commit().await.unwrap();
                    mine.push(request.id);
                }
            }
        }
    });
    let mut taken: Vec<_> = taken.await.into_iter().flatten().collect();
    // The request of the rolled-back unit is back, and was taken by no other.
    while taken.len() < asked.len() {
        taken.push(soon(async || commit!(store, take_reset_request())).await.id);
    }
    assert_eq!(commit!(store, take_reset_request()), None);
    taken.sort();
    assert_eq!(taken, asked);
}

/// "Until the unit ends, no other unit can issue one to the same user."
pub async fn one_of_many_units_issues_a_reset(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let issued = at_once(&store, CONTESTANTS, |_, store| {
        let reset = given::reset(&anna, given::noon());
        async move {
            let mut unit = store.begin().await.unwrap();
            if !unit.recent_resets(reset.user_id, given::noon()).await.unwrap().is_empty() {
                return false;
            }
            assert!(unit.insert_reset(&reset).await.unwrap());
            unit.commit().await.unwrap();
            true
        }
    });
    assert_eq!(successes(&issued.await), 1);
}

/// "Adds a request": all that are written concurrently, each of them once.
pub async fn many_requests_are_each_stored_once(store: Arc<dyn Store>) {
    const REQUESTS: usize = 300;
    let at = |number| given::noon() + Duration::seconds(i64::try_from(number).unwrap());
    at_once(&store, REQUESTS, |number, store| async move {
        let request = given::request(&format!("user{number}"), at(number));
        store.add_reset_request(&request).await.unwrap();
    })
    .await;
    for number in 0..REQUESTS {
        let taken = commit!(store, take_reset_request()).unwrap();
        assert_eq!(taken.email_key, given::address(&format!("user{number}")));
    }
    assert_eq!(commit!(store, take_reset_request()), None);
}
