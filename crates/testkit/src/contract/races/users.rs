//! Concurrent units with users, usernames and passwords.

use std::sync::Arc;

use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::ports::{Insertion, Store};

use super::{CONTESTANTS, at_once, successes};
use crate::contract::given;

/// "Of any number of concurrent units with one `from` exactly one gets `true`."
pub async fn one_of_many_units_increments_a_credentials_version(store: Arc<dyn Store>) {
    let User { id, credentials_version, .. } = given::stored_user(&*store, "anna").await;
    let advanced = at_once(&store, CONTESTANTS, |_, store| async move {
        commit!(store, advance_credentials_version(id, credentials_version))
    });
    assert_eq!(successes(&advanced.await), 1);
    assert_eq!(
        store.find_user(id).await.unwrap().unwrap().credentials_version,
        credentials_version.next()
    );
}

/// "Adds a user. Changes nothing if the address … is taken."
pub async fn one_of_many_units_inserts_an_address(store: Arc<dyn Store>) {
    let address = given::user("anna").email;
    let inserted = at_once(&store, CONTESTANTS, |number, store| {
        let user = User { email: address.clone(), ..given::user(&format!("rival{number}")) };
        async move { commit!(store, insert_user(&user)) }
    });
    let inserted = inserted.await;
    assert_eq!(inserted.iter().filter(|i| **i == Insertion::Inserted).count(), 1);
    assert_eq!(inserted.iter().filter(|i| **i == Insertion::EmailTaken).count(), CONTESTANTS - 1);
    assert_eq!(store.list_users(&UserFilter::default(), None, 100).await.unwrap().len(), 1);
}

/// "… or the username is taken."
pub async fn one_of_many_units_inserts_a_username(store: Arc<dyn Store>) {
    let name = given::user("anna").username;
    let inserted = at_once(&store, CONTESTANTS, |number, store| {
        let user = User { username: name.clone(), ..given::user(&format!("rival{number}")) };
        async move { commit!(store, insert_user(&user)) }
    });
    let inserted = inserted.await;
    assert_eq!(inserted.iter().filter(|i| **i == Insertion::Inserted).count(), 1);
    let taken = inserted.iter().filter(|i| **i == Insertion::UsernameTaken).count();
    assert_eq!(taken, CONTESTANTS - 1);
    assert_eq!(store.list_users(&UserFilter::default(), None, 100).await.unwrap().len(), 1);
}

/// "The unit stays usable either way", even if the other unit commits a moment before.
pub async fn a_unit_that_loses_a_race_stays_usable(store: Arc<dyn Store>) {
    let address = given::user("anna").email;
    let done = at_once(&store, CONTESTANTS, |number, store| {
        let rival = User { email: address.clone(), ..given::user(&format!("rival{number}")) };
        let other = given::user(&format!("other{number}"));
        async move {
            let mut unit = store.begin().await.unwrap();
            unit.insert_user(&rival).await.unwrap();
            let second = unit.insert_user(&other).await.unwrap();
            assert!(unit.insert_session(&given::session(&other)).await.unwrap());
            unit.commit().await.unwrap();
            second == Insertion::Inserted
        }
    });
    assert_eq!(successes(&done.await), CONTESTANTS);
    assert_eq!(
        store.list_users(&UserFilter::default(), None, 100).await.unwrap().len(),
        CONTESTANTS + 1
    );
}

/// "Returns `false`, and changes nothing, if the stored hash is not `old` any more."
pub async fn one_of_many_units_replaces_a_hash(store: Arc<dyn Store>) {
    let User { id, .. } = given::stored_user(&*store, "anna").await;
    commit!(store, set_password(id, &given::hash("old"), given::noon()));
    let replaced = at_once(&store, CONTESTANTS, |number, store| async move {
        let new = given::hash(&number.to_string());
        commit!(store, replace_hash(id, &given::hash("old"), &new))
    });
    assert_eq!(successes(&replaced.await), 1);
}

/// "Makes all writes of the unit … visible, atomically."
pub async fn a_commit_becomes_visible_atomically(store: Arc<dyn Store>) {
    let anna = given::user("anna");
    at_once(&store, 8, |number, store| {
        let anna = anna.clone();
        async move {
            if number == 0 {
                let mut unit = store.begin().await.unwrap();
                unit.insert_user(&anna).await.unwrap();
                unit.set_password(anna.id, &given::hash("a"), given::noon()).await.unwrap();
                unit.commit().await.unwrap();
                return;
            }
            loop {
                match store.find_user_by_email(anna.email.key()).await.unwrap() {
                    Some((_, hash)) => return assert_eq!(hash, Some(given::hash("a"))),
                    None => tokio::task::yield_now().await,
                }
            }
        }
    })
    .await;
}

/// "Locks the users with those ids until the unit ends."
pub async fn locked_users_change_in_one_unit_at_a_time(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let berta = given::stored_user(&*store, "berta").await;
    let advanced = at_once(&store, CONTESTANTS, |number, store| {
        let ids = if number % 2 == 0 { [anna.id, berta.id] } else { [berta.id, anna.id] };
        let id = anna.id;
        async move {
            let mut unit = store.begin().await.unwrap();
            let locked = unit.lock_users(&ids).await.unwrap();
            let anna = locked.into_iter().find(|user| user.id == id).unwrap();
            let advanced =
                unit.advance_credentials_version(id, anna.credentials_version).await.unwrap();
            unit.commit().await.unwrap();
            advanced
        }
    });
    assert_eq!(successes(&advanced.await), CONTESTANTS);
    let after = store.find_user(anna.id).await.unwrap().unwrap();
    assert_eq!(
        after.credentials_version.as_i64(),
        anna.credentials_version.as_i64() + i64::try_from(CONTESTANTS).unwrap()
    );
}
