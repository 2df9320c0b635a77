//! Concurrent units with sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use time::Duration;
use tokio::task::JoinSet;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::user::User;
use vestibule_domain::ports::Store;

use super::{CONTESTANTS, at_once, successes};
use crate::contract::given;

/// "Returns `false`, and changes nothing, if its user does not exist", even if the user is deleted
/// concurrently.
pub async fn no_session_is_left_of_a_deleted_user(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    commit!(store, set_password(anna.id, &given::hash("a"), given::noon()));
    let sessions: Vec<_> = (0..CONTESTANTS).map(|_| given::session(&anna)).collect();
    at_once(&store, CONTESTANTS, |number, store| {
        let session = sessions[number].clone();
        async move {
            if number == CONTESTANTS / 2 {
                assert!(commit!(store, delete_user(session.user_id, given::noon())));
            } else {
                // Like a sign-in that also replaces the hash and sets the language: the units must
                // not deadlock.
                let hash = given::hash("a");
                let mut unit = store.begin().await.unwrap();
                unit.replace_hash(session.user_id, &hash, &hash).await.unwrap();
                unit.insert_session(&session).await.unwrap();
                unit.set_language(session.user_id, Language::German).await.unwrap();
                unit.commit().await.unwrap();
            }
        }
    })
    .await;
    for session in sessions {
        assert_eq!(store.find_session(session.id).await.unwrap(), None);
    }
}

/// "Returns `false` … if there is no such session", even if it ends concurrently. A unit that
/// updates a session before its user does not deadlock with one that deletes the user before the
/// session.
pub async fn no_session_is_renewed_after_its_end(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    commit!(store, set_password(anna.id, &given::hash("a"), given::noon()));
    let refresh = given::refresh();
    let session = given::session(&anna).refreshed_by(refresh.clone());
    commit!(store, insert_session(&session));
    let User { id, credentials_version, .. } = anna;
    at_once(&store, CONTESTANTS, |number, store| {
        let (session, refresh) = (session.clone(), refresh.clone());
        async move {
            if number == CONTESTANTS / 2 {
                return assert!(commit!(store, delete_user(id, given::noon())));
            }
            let (later, hash) = (given::noon() + Duration::HOUR, given::hash("a"));
            let mut unit = store.begin().await.unwrap();
            let session_was_there = match number % 3 {
                0 => unit.touch_session(session.id, later).await.unwrap(),
                1 => {
                    let key = Some(given::digest());
                    unit.renew_session(session.id, credentials_version, key, later).await.unwrap()
                }
                // Each of its own session, so that all of them can succeed.
                _ => {
                    let (current, rotation) =
                        (refresh.current, given::rotation(refresh.current, later));
                    unit.rotate_refresh(session.id, credentials_version, current, &rotation)
                        .await
                        .unwrap()
                }
            };
            // A unit that has read the session sees its user until it ends.
            let user_was_there = unit.replace_hash(id, &hash, &hash).await.unwrap();
            assert!(user_was_there || !session_was_there);
            unit.commit().await.unwrap();
        }
    })
    .await;
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
}

/// "Returns `None`, and changes nothing, if the user has no such session": if all devices end all
/// other sessions at once, the first one is left.
pub async fn of_many_units_that_keep_a_session_one_is_left(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let User { id, credentials_version, .. } = anna;
    // The first units of a round leave no sessions to the others, hence several rounds.
    for _ in 0..20 {
        let sessions: Vec<_> = (0..8).map(|_| given::session(&anna)).collect();
        let mut unit = store.begin().await.unwrap();
        for session in &sessions {
            unit.insert_session(session).await.unwrap();
        }
        unit.commit().await.unwrap();
        at_once(&store, sessions.len(), |number, store| {
            let keep = sessions[number].id;
            async move {
                commit!(store, keep_only_session(id, keep, credentials_version, given::noon()))
            }
        })
        .await;
        assert_eq!(store.list_sessions(id).await.unwrap().len(), 1);
        commit!(store, end_sessions(id, given::noon()));
    }
}

/// "Of any number of concurrent units with one `rotation.from` exactly one gets `true`."
pub async fn one_of_many_units_exchanges_a_refresh_token(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let refresh = given::refresh();
    let session = given::session(&anna).refreshed_by(refresh.clone());
    commit!(store, insert_session(&session));
    let (id, credentials_version, family) = (session.id, anna.credentials_version, refresh.family);
    let exchanged = at_once(&store, CONTESTANTS, |_, store| {
        let rotation = given::rotation(refresh.current, given::noon() + Duration::HOUR);
        async move {
            let successor = given::digest();
            let won = commit!(store, rotate_refresh(id, credentials_version, successor, &rotation));
            // The losers see the result of the winner at once.
            let (session, _) = store.find_refreshed_session(&family).await.unwrap().unwrap();
            let kept = session.refresh.unwrap();
            assert_eq!(won, kept.current == successor);
            assert_eq!(won, kept.rotation == Some(rotation));
            won
        }
    });
    assert_eq!(successes(&exchanged.await), 1);
}

/// "Sees all commits of this store at once", even if others read the old state at the time of the
/// change.
pub async fn no_concurrent_read_returns_stale_data_later(store: Arc<dyn Store>) {
    const CHANGES: u32 = 100;
    let anna = given::stored_user(&*store, "anna").await;
    let session = given::stored_session(&*store, &anna).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (store, is_over) = (store.clone(), is_over.clone());
        readers.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                store.find_session(session.id).await.unwrap().unwrap();
                // Reads from a cache do not yield.
                tokio::task::yield_now().await;
            }
        });
    }
    for number in 0..CHANGES {
        let is_active = number % 2 == 1;
        commit!(store, set_active(anna.id, is_active));
        for _ in 0..3 {
            let (_, found) = store.find_session(session.id).await.unwrap().unwrap();
            assert_eq!(found.is_active, is_active, "change {number}");
            tokio::task::yield_now().await;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    readers.join_all().await;
}
