//! The rules of [`Sessions`](vestibule_domain::ports::Sessions) and of finding sessions.

use vestibule_domain::caller::Caller;
use vestibule_domain::ports::Store;
use vestibule_domain::session::Session;

use super::given;

/// "The session with its user."
pub async fn a_session_is_found_with_its_user(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    let found = store.find_session(session.id).await.unwrap();
    assert_eq!(found, Some((session, anna.clone())));

    // From the command line there is no address and no browser.
    let local = Session { caller: Caller::default(), ..given::session(&anna) };
    commit!(store, insert_session(&local));
    assert_eq!(store.find_session(local.id).await.unwrap(), Some((local, anna.clone())));
    assert_eq!(store.find_session(given::session(&anna).id).await.unwrap(), None);
}

/// "Adds a session. Answers `false`, and changes nothing, when its user is gone."
pub async fn a_session_of_nobody_is_not_added(store: &dyn Store) {
    let nobody = given::user("nobody");
    let session = given::session(&nobody);
    let anna = given::user("anna");
    let mut unit = store.begin().await.unwrap();
    assert!(!unit.insert_session(&session).await.unwrap());
    unit.insert_user(&anna).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
    assert_eq!(store.find_user(anna.id).await.unwrap(), Some(anna));
}

/// "Ends a session. Answers `false` when there was none."
pub async fn a_session_ends_once(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    let other = given::stored_session(store, &anna).await;
    assert!(commit!(store, end_session(session.id)));
    assert!(!commit!(store, end_session(session.id)));
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
    assert_eq!(store.find_session(other.id).await.unwrap(), Some((other, anna)));
}

/// "Ends all sessions of a user but `keep`, which lives on in `epoch`."
pub async fn the_kept_session_lives_on_in_the_new_epoch(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let kept = given::stored_session(store, &anna).await;
    let ended = given::stored_session(store, &anna).await;
    let foreign = given::stored_session(store, &berta).await;
    commit!(store, keep_only_session(anna.id, kept.id, anna.epoch.next()));

    let expected = Session { epoch: anna.epoch.next(), ..kept.clone() };
    assert_eq!(store.find_session(kept.id).await.unwrap(), Some((expected, anna)));
    assert_eq!(store.find_session(ended.id).await.unwrap(), None);
    assert_eq!(store.find_session(foreign.id).await.unwrap(), Some((foreign, berta)));
}

/// "… of a user": a session of somebody else is neither kept nor moved to another epoch.
pub async fn somebody_elses_session_cannot_be_kept(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let ended = given::stored_session(store, &anna).await;
    let foreign = given::stored_session(store, &berta).await;
    commit!(store, keep_only_session(anna.id, foreign.id, anna.epoch.next()));
    assert_eq!(store.find_session(ended.id).await.unwrap(), None);
    assert_eq!(store.find_session(foreign.id).await.unwrap(), Some((foreign, berta)));
}

/// "Ends all sessions of a user."
pub async fn all_sessions_of_a_user_end(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let ended =
        [given::stored_session(store, &anna).await, given::stored_session(store, &anna).await];
    let foreign = given::stored_session(store, &berta).await;
    commit!(store, end_sessions(anna.id));
    commit!(store, end_sessions(given::user("nobody").id));
    for session in ended {
        assert_eq!(store.find_session(session.id).await.unwrap(), None);
    }
    assert_eq!(store.find_session(foreign.id).await.unwrap(), Some((foreign, berta)));
}
