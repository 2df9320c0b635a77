//! The rules of [`Sessions`](vestibule_domain::ports::Sessions) and of finding sessions.

use time::Duration;
use vestibule_domain::caller::Caller;
use vestibule_domain::ports::Store;
use vestibule_domain::refresh::Refresh;
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

/// "The browser session whose key has that digest, with its user."
pub async fn a_browser_session_is_found_by_its_key(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    given::stored_session(store, &anna).await;
    let (one, other) = (given::digest(), given::digest());
    for key in [one, other] {
        commit!(store, insert_session(&given::session(&anna).in_browser(key)));
    }
    for key in [one, other] {
        let (session, owner) = store.find_browser_session(&key).await.unwrap().unwrap();
        assert_eq!((session.browser_key, &owner), (Some(key), &anna));
        assert_eq!(store.find_session(session.id).await.unwrap(), Some((session, owner)));
    }
    assert_eq!(store.find_browser_session(&given::digest()).await.unwrap(), None);
}

/// "The session whose refresh tokens share the half with that digest, with its user."
pub async fn a_refreshed_session_is_found_by_its_family(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    given::stored_session(store, &anna).await;
    let fresh = given::refresh();
    let rotation = Some(given::rotation(given::digest(), given::noon()));
    let rotated = Refresh { rotation, ..given::refresh() };
    for refresh in [fresh, rotated] {
        let session = given::session(&anna).refreshed_by(refresh.clone());
        commit!(store, insert_session(&session));
        let expected = Some((session.clone(), anna.clone()));
        assert_eq!(store.find_refreshed_session(&refresh.family).await.unwrap(), expected);
        assert_eq!(store.find_session(session.id).await.unwrap(), expected);
        assert_eq!(store.find_refreshed_session(&refresh.current).await.unwrap(), None);
    }
    assert_eq!(store.find_refreshed_session(&given::digest()).await.unwrap(), None);
    assert_eq!(store.list_sessions(anna.id).await.unwrap().len(), 3);
}

/// "All sessions of a user, the one seen last first."
pub async fn sessions_are_listed_the_one_seen_last_first(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    assert_eq!(store.list_sessions(anna.id).await.unwrap(), []);
    given::stored_session(store, &berta).await;
    let mut expected = Vec::new();
    for minutes in [1, 2, 0] {
        let last_seen_at = given::noon() + Duration::minutes(minutes);
        let session = Session { last_seen_at, ..given::session(&anna) };
        commit!(store, insert_session(&session));
        expected.push(session);
    }
    expected.swap(0, 1);
    assert_eq!(store.list_sessions(anna.id).await.unwrap(), expected);
}

/// "Notes that a session's owner was seen; an earlier moment than the noted one changes nothing."
pub async fn a_session_is_touched_forwards_only(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    let other = given::stored_session(store, &anna).await;
    for (minutes, noted) in [(5, 5), (3, 5), (5, 5), (-9, 5), (6, 6)] {
        let [seen_at, last_seen_at] =
            [minutes, noted].map(|m| given::noon() + Duration::minutes(m));
        assert!(commit!(store, touch_session(session.id, seen_at)));
        let expected = Session { last_seen_at, ..session.clone() };
        assert_eq!(store.find_session(session.id).await.unwrap(), Some((expected, anna.clone())));
    }
    assert_eq!(store.find_session(other.id).await.unwrap(), Some((other, anna)));
}

/// "Answers `false` when there is no such session."
pub async fn a_session_that_ended_is_not_touched(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    commit!(store, end_session(session.id, given::noon()));
    assert!(!commit!(store, touch_session(session.id, given::noon() + Duration::HOUR)));
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
}

/// "Notes that a session's owner has proved again who they are, and gives it another browser key:
/// the old one is dead."
pub async fn a_renewed_session_has_another_key_and_a_fresh_proof(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let first = given::digest();
    let session = given::session(&anna).in_browser(first);
    let other = given::session(&anna).in_browser(given::digest());
    commit!(store, insert_session(&session));
    commit!(store, insert_session(&other));
    let mut former = first;
    for (minutes, browser_key) in
        [(1, Some(given::digest())), (2, Some(given::digest())), (3, None)]
    {
        let authenticated_at = given::noon() + Duration::minutes(minutes);
        let renewed =
            commit!(store, renew_session(session.id, anna.epoch, browser_key, authenticated_at));
        assert!(renewed);
        let expected = Session { authenticated_at, browser_key, ..session.clone() };
        let expected = Some((expected, anna.clone()));
        assert_eq!(store.find_session(session.id).await.unwrap(), expected);
        assert_eq!(store.find_browser_session(&former).await.unwrap(), None);
        if let Some(key) = browser_key {
            assert_eq!(store.find_browser_session(&key).await.unwrap(), expected);
            former = key;
        }
    }
    assert_eq!(store.find_session(other.id).await.unwrap(), Some((other, anna)));
}

/// "Answers `false`, and changes nothing, when there is no such session or it is not in `epoch`."
pub async fn a_session_of_another_epoch_is_not_renewed(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::session(&anna).in_browser(given::digest());
    commit!(store, insert_session(&session));
    let (key, later) = (Some(given::digest()), given::noon() + Duration::HOUR);
    assert!(!commit!(store, renew_session(session.id, anna.epoch.next(), key, later)));
    let unknown = given::session(&anna).id;
    assert!(!commit!(store, renew_session(unknown, anna.epoch, key, later)));
    let found = store.find_session(session.id).await.unwrap();
    assert_eq!(found, Some((session.clone(), anna.clone())));
    assert_eq!(store.list_sessions(anna.id).await.unwrap(), [session]);
}

/// "Exchanges a session's refresh token: the one that works … for `successor`; and notes that the
/// session's owner was seen."
pub async fn a_refresh_token_is_exchanged_for_its_successor(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let refresh = given::refresh();
    let mut expected = given::session(&anna).refreshed_by(refresh.clone());
    let other = given::session(&anna).refreshed_by(given::refresh());
    commit!(store, insert_session(&expected));
    commit!(store, insert_session(&other));
    let mut from = refresh.current;
    // The clock of another node may be behind.
    for (minutes, seen) in [(1, 1), (5, 5), (3, 5)] {
        let [at, last_seen_at] = [minutes, seen].map(|m| given::noon() + Duration::minutes(m));
        let (rotation, current) = (given::rotation(from, at), given::digest());
        assert!(commit!(store, rotate_refresh(expected.id, anna.epoch, current, &rotation)));
        let refresh = Refresh { current, rotation: Some(rotation), ..refresh.clone() };
        expected = Session { last_seen_at, ..expected.refreshed_by(refresh) };
        let found = store.find_refreshed_session(&refresh_of(&expected).family).await.unwrap();
        assert_eq!(found, Some((expected.clone(), anna.clone())));
        from = current;
    }
    assert_eq!(store.find_session(other.id).await.unwrap(), Some((other, anna)));
}

fn refresh_of(session: &Session) -> &Refresh {
    session.refresh.as_ref().unwrap()
}

/// "Answers `false`, and changes nothing, when there is no such session, it is not in `epoch`, or
/// another token works."
pub async fn only_the_refresh_token_that_works_is_exchanged(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let without = given::stored_session(store, &anna).await;
    let session = given::session(&anna).refreshed_by(given::refresh());
    let (current, successor) = (refresh_of(&session).current, given::digest());
    commit!(store, insert_session(&session));
    let unknown = given::session(&anna).id;
    let later = given::noon() + Duration::HOUR;
    for (id, epoch, from) in [
        (unknown, anna.epoch, current),
        (session.id, anna.epoch.next(), current),
        (session.id, anna.epoch, successor),
        (session.id, anna.epoch, refresh_of(&session).family),
        (without.id, anna.epoch, current),
    ] {
        let rotation = given::rotation(from, later);
        assert!(!commit!(store, rotate_refresh(id, epoch, successor, &rotation)));
    }
    let mut left = store.list_sessions(anna.id).await.unwrap();
    left.sort_by_key(|session| session.id);
    assert_eq!(left, [without, session.clone()]);

    // A token that was exchanged works no more.
    let rotation = given::rotation(current, later);
    for works in [true, false] {
        assert_eq!(
            commit!(store, rotate_refresh(session.id, anna.epoch, successor, &rotation)),
            works
        );
    }
    commit!(store, end_session(session.id, given::noon()));
    let rotation = given::rotation(successor, later);
    assert!(!commit!(store, rotate_refresh(session.id, anna.epoch, current, &rotation)));
    assert_eq!(store.find_refreshed_session(&refresh_of(&session).family).await.unwrap(), None);
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
    assert!(commit!(store, end_session(session.id, given::noon())));
    assert!(!commit!(store, end_session(session.id, given::noon())));
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
    let answer =
        commit!(store, keep_only_session(anna.id, kept.id, anna.epoch.next(), given::noon()));
    assert_eq!(answer, Some(1));
    let answer =
        commit!(store, keep_only_session(anna.id, kept.id, anna.epoch.next(), given::noon()));
    assert_eq!(answer, Some(0));

    let expected = Session { epoch: anna.epoch.next(), ..kept.clone() };
    assert_eq!(store.find_session(kept.id).await.unwrap(), Some((expected, anna)));
    assert_eq!(store.find_session(ended.id).await.unwrap(), None);
    assert_eq!(store.find_session(foreign.id).await.unwrap(), Some((foreign, berta)));
}

/// "`None`, and nothing changed, when the user has no such session."
pub async fn somebody_elses_session_cannot_be_kept(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let own = given::stored_session(store, &anna).await;
    let foreign = given::stored_session(store, &berta).await;
    for keep in [foreign.id, given::session(&anna).id] {
        let answer =
            commit!(store, keep_only_session(anna.id, keep, anna.epoch.next(), given::noon()));
        assert_eq!(answer, None);
    }
    assert_eq!(store.find_session(own.id).await.unwrap(), Some((own, anna)));
    assert_eq!(store.find_session(foreign.id).await.unwrap(), Some((foreign, berta)));
}

/// "Ends all sessions of a user."
pub async fn all_sessions_of_a_user_end(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let ended =
        [given::stored_session(store, &anna).await, given::stored_session(store, &anna).await];
    let foreign = given::stored_session(store, &berta).await;
    commit!(store, end_sessions(anna.id, given::noon()));
    commit!(store, end_sessions(given::user("nobody").id, given::noon()));
    for session in ended {
        assert_eq!(store.find_session(session.id).await.unwrap(), None);
    }
    assert_eq!(store.find_session(foreign.id).await.unwrap(), Some((foreign, berta)));
}

/// "Ends all sessions of a user but the `keep` that began last."
pub async fn the_newest_sessions_are_kept(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let kept = given::stored_session(store, &berta).await;
    let mut own = Vec::new();
    for _ in 0..5 {
        own.push(given::stored_session(store, &anna).await.id);
    }
    own.sort_unstable();
    let left = async || {
        let sessions = store.list_sessions(anna.id).await.unwrap();
        let mut ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
        ids.sort_unstable();
        ids
    };
    commit!(store, keep_newest_sessions(anna.id, 5, given::noon()));
    assert_eq!(left().await, own);
    commit!(store, keep_newest_sessions(anna.id, 2, given::noon()));
    assert_eq!(left().await, own[3..]);
    commit!(store, keep_newest_sessions(given::user("nobody").id, 2, given::noon()));
    assert_eq!(store.find_session(kept.id).await.unwrap(), Some((kept, berta)));
}
