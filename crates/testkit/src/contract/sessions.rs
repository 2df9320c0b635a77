//! Tests of [`SessionStore`](vestibule_domain::ports::SessionStore) and of finding sessions.

use time::Duration;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::refresh_token::Refresh;
use vestibule_domain::model::session::Session;
use vestibule_domain::ports::Store;

use super::given;

/// "Returns the session with its user."
pub async fn a_session_is_found_with_its_user(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    let found = store.find_session(session.id).await.unwrap();
    assert_eq!(found, Some((session, anna.clone())));

    // A session with neither IP address nor user agent.
    let local = Session { client: ClientInfo::default(), ..given::session(&anna) };
    commit!(store, insert_session(&local));
    assert_eq!(store.find_session(local.id).await.unwrap(), Some((local, anna.clone())));
    assert_eq!(store.find_session(given::session(&anna).id).await.unwrap(), None);
}

/// "Returns the browser session whose key has that digest, with its user."
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

/// "Returns the session whose refresh tokens share the half with that digest, with its user."
pub async fn a_session_is_found_by_its_refresh_token_family(store: &dyn Store) {
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

/// "Returns all sessions of a user, the latest used first."
pub async fn sessions_are_listed_latest_used_first(store: &dyn Store) {
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

/// "Updates the time of a session's latest use; an earlier time than the stored one changes
/// nothing."
pub async fn the_time_of_use_is_never_set_back(store: &dyn Store) {
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

/// "Returns `false` if there is no such session."
pub async fn an_ended_session_is_not_updated(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    commit!(store, end_session(session.id, given::noon()));
    assert!(!commit!(store, touch_session(session.id, given::noon() + Duration::HOUR)));
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
}

/// "Updates the time of a session's latest authentication, and replaces its browser key."
pub async fn a_renewed_session_has_another_key_and_authentication_time(store: &dyn Store) {
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
        let renewed = commit!(
            store,
            renew_session(session.id, anna.credentials_version, browser_key, authenticated_at)
        );
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

/// "Returns `false`, and changes nothing, if there is no such session or it has another credentials
/// version."
pub async fn a_session_of_another_credentials_version_is_not_renewed(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::session(&anna).in_browser(given::digest());
    commit!(store, insert_session(&session));
    let (key, later) = (Some(given::digest()), given::noon() + Duration::HOUR);
    assert!(!commit!(
        store,
        renew_session(session.id, anna.credentials_version.next(), key, later)
    ));
    let unknown = given::session(&anna).id;
    assert!(!commit!(store, renew_session(unknown, anna.credentials_version, key, later)));
    let found = store.find_session(session.id).await.unwrap();
    assert_eq!(found, Some((session.clone(), anna.clone())));
    assert_eq!(store.list_sessions(anna.id).await.unwrap(), [session]);
}

/// "Exchanges a session's current refresh token … for `successor`, and updates the time of the
/// session's latest use."
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
        assert!(commit!(
            store,
            rotate_refresh(expected.id, anna.credentials_version, current, &rotation)
        ));
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

/// "Returns `false`, and changes nothing, if there is no such session, it has another credentials
/// version, or another token is current."
pub async fn only_the_current_refresh_token_is_exchanged(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let without = given::stored_session(store, &anna).await;
    let session = given::session(&anna).refreshed_by(given::refresh());
    let (current, successor) = (refresh_of(&session).current, given::digest());
    commit!(store, insert_session(&session));
    let unknown = given::session(&anna).id;
    let later = given::noon() + Duration::HOUR;
    for (id, credentials_version, from) in [
        (unknown, anna.credentials_version, current),
        (session.id, anna.credentials_version.next(), current),
        (session.id, anna.credentials_version, successor),
        (session.id, anna.credentials_version, refresh_of(&session).family),
        (without.id, anna.credentials_version, current),
    ] {
        let rotation = given::rotation(from, later);
        assert!(!commit!(store, rotate_refresh(id, credentials_version, successor, &rotation)));
    }
    let mut left = store.list_sessions(anna.id).await.unwrap();
    left.sort_by_key(|session| session.id);
    assert_eq!(left, [without, session.clone()]);

    // A token that was exchanged is invalid.
    let rotation = given::rotation(current, later);
    for works in [true, false] {
        assert_eq!(
            commit!(
                store,
                rotate_refresh(session.id, anna.credentials_version, successor, &rotation)
            ),
            works
        );
    }
    commit!(store, end_session(session.id, given::noon()));
    let rotation = given::rotation(successor, later);
    assert!(!commit!(
        store,
        rotate_refresh(session.id, anna.credentials_version, current, &rotation)
    ));
    assert_eq!(store.find_refreshed_session(&refresh_of(&session).family).await.unwrap(), None);
}

/// "Adds a session. Returns `false`, and changes nothing, if its user does not exist."
pub async fn a_session_without_a_user_is_not_added(store: &dyn Store) {
    let unknown = given::user("unknown");
    let session = given::session(&unknown);
    let anna = given::user("anna");
    let mut unit = store.begin().await.unwrap();
    assert!(!unit.insert_session(&session).await.unwrap());
    unit.insert_user(&anna).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
    assert_eq!(store.find_user(anna.id).await.unwrap(), Some(anna));
}

/// "Ends a session. Returns `false` if there is none."
pub async fn a_session_ends_once(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    let other = given::stored_session(store, &anna).await;
    assert!(commit!(store, end_session(session.id, given::noon())));
    assert!(!commit!(store, end_session(session.id, given::noon())));
    assert_eq!(store.find_session(session.id).await.unwrap(), None);
    assert_eq!(store.find_session(other.id).await.unwrap(), Some((other, anna)));
}

/// "Ends all sessions of a user except `keep`, which gets the credentials version."
pub async fn the_kept_session_gets_the_new_credentials_version(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let kept = given::stored_session(store, &anna).await;
    let ended = given::stored_session(store, &anna).await;
    let foreign = given::stored_session(store, &berta).await;
    let answer = commit!(
        store,
        keep_only_session(anna.id, kept.id, anna.credentials_version.next(), given::noon())
    );
    assert_eq!(answer, Some(1));
    let answer = commit!(
        store,
        keep_only_session(anna.id, kept.id, anna.credentials_version.next(), given::noon())
    );
    assert_eq!(answer, Some(0));

    let expected = Session { credentials_version: anna.credentials_version.next(), ..kept.clone() };
    assert_eq!(store.find_session(kept.id).await.unwrap(), Some((expected, anna)));
    assert_eq!(store.find_session(ended.id).await.unwrap(), None);
    assert_eq!(store.find_session(foreign.id).await.unwrap(), Some((foreign, berta)));
}

/// "Returns `None`, and changes nothing, if the user has no such session."
pub async fn a_session_of_another_user_cannot_be_kept(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let own = given::stored_session(store, &anna).await;
    let foreign = given::stored_session(store, &berta).await;
    for keep in [foreign.id, given::session(&anna).id] {
        let answer = commit!(
            store,
            keep_only_session(anna.id, keep, anna.credentials_version.next(), given::noon())
        );
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
    commit!(store, end_sessions(given::user("unknown").id, given::noon()));
    for session in ended {
        assert_eq!(store.find_session(session.id).await.unwrap(), None);
    }
    assert_eq!(store.find_session(foreign.id).await.unwrap(), Some((foreign, berta)));
}

/// "Ends all sessions of a user except the `keep` newest."
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
    commit!(store, keep_newest_sessions(given::user("unknown").id, 2, given::noon()));
    assert_eq!(store.find_session(kept.id).await.unwrap(), Some((kept, berta)));
}
