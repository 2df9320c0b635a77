//! Tests of the list of ended sessions.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};
use vestibule_domain::model::id::SessionId;
use vestibule_domain::model::session::EndedSession;
use vestibule_domain::model::user::User;
use vestibule_domain::ports::Store;

use super::given;

fn at(minutes: i64) -> OffsetDateTime {
    given::noon() + Duration::minutes(minutes)
}

/// The start of the list.
fn beginning() -> EndedSession {
    let ended_at = OffsetDateTime::UNIX_EPOCH;
    EndedSession { ended_at, id: SessionId::earliest(ended_at) }
}

async fn listed(store: &dyn Store) -> Vec<EndedSession> {
    store.list_ended_sessions(beginning(), 1000).await.unwrap()
}

async fn anna_with(store: &dyn Store, sessions: usize) -> (User, Vec<SessionId>) {
    let anna = given::stored_user(store, "anna").await;
    let mut ids = Vec::new();
    for _ in 0..sessions {
        ids.push(given::stored_session(store, &anna).await.id);
    }
    (anna, ids)
}

fn ended(ids: impl IntoIterator<Item = SessionId>, ended_at: OffsetDateTime) -> Vec<EndedSession> {
    // Ordered by id.
    let ended: BTreeSet<_> = ids.into_iter().map(|id| EndedSession { ended_at, id }).collect();
    ended.into_iter().collect()
}

/// "A session that a method ends at `now` is added to the ended sessions at `now`."
pub async fn sessions_ended_by_each_method_are_listed(store: &dyn Store) {
    assert_eq!(listed(store).await, []);
    let (anna, ids) = anna_with(store, 7).await;
    let bystander = given::stored_user(store, "berta").await;
    given::stored_session(store, &bystander).await;
    let mut expected = ended([ids[6]], at(1));
    assert!(commit!(store, end_session(ids[6], at(1))));
    assert!(!commit!(store, end_session(ids[6], at(2))));
    assert_eq!(listed(store).await, expected);

    commit!(store, keep_newest_sessions(anna.id, 5, at(3)));
    let mut live: Vec<SessionId> = ids[..6].to_vec();
    live.sort_unstable();
    expected.extend(ended([live.remove(0)], at(3)));
    assert_eq!(listed(store).await, expected);

    let keep = live.remove(2);
    let kept = commit!(store, keep_only_session(anna.id, keep, anna.credentials_version, at(4)));
    assert_eq!(kept, Some(4));
    expected.extend(ended(live, at(4)));
    assert_eq!(listed(store).await, expected);

    commit!(store, end_sessions(anna.id, at(5)));
    expected.extend(ended([keep], at(5)));
    assert_eq!(listed(store).await, expected);
    commit!(store, end_sessions(anna.id, at(6)));
    assert_eq!(listed(store).await, expected, "no entry was lost");
}

/// Includes sessions that end with their user, or when all are revoked.
pub async fn sessions_of_a_deleted_user_and_of_all_users_are_listed(store: &dyn Store) {
    let (anna, ids) = anna_with(store, 2).await;
    let berta = given::stored_user(store, "berta").await;
    let other = given::stored_session(store, &berta).await.id;
    assert!(commit!(store, delete_user(anna.id, at(1))));
    let mut expected = ended(ids, at(1));
    assert_eq!(listed(store).await, expected);
    commit!(store, revoke_everything(at(2)));
    expected.extend(ended([other], at(2)));
    assert_eq!(listed(store).await, expected);
}

/// A unit that is rolled back ends no session.
pub async fn a_rolled_back_end_is_not_listed(store: &dyn Store) {
    let (_, ids) = anna_with(store, 1).await;
    let mut unit = store.begin().await.unwrap();
    assert!(unit.end_session(ids[0], at(1)).await.unwrap());
    drop(unit);
    assert_eq!(listed(store).await, []);
}

/// "Returns at most `limit` ended sessions after that entry, ordered by end time and then by id."
pub async fn a_list_of_ended_sessions_continues_after_an_entry(store: &dyn Store) {
    let (anna, ids) = anna_with(store, 5).await;
    commit!(store, end_session(ids[0], at(9)));
    commit!(store, end_sessions(anna.id, at(1)));
    let all = listed(store).await;
    assert_eq!(all, [ended(ids[1..].to_vec(), at(1)), ended([ids[0]], at(9))].concat());
    let mut read = Vec::new();
    let mut place = beginning();
    loop {
        let page = store.list_ended_sessions(place, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        place = *last;
        read.extend(page);
    }
    assert_eq!(read, all);
    let later = EndedSession { ended_at: at(1) + Duration::MICROSECOND, ..beginning() };
    assert_eq!(store.list_ended_sessions(later, 9).await.unwrap(), all[4..]);
}

/// "Deletes at most `limit` entries of ended sessions from before `before`. Returns `true` if there
/// may be more."
pub async fn ended_sessions_are_purged_in_batches(store: &dyn Store) {
    let (_, ids) = anna_with(store, 4).await;
    for (minutes, id) in (1..).zip(&ids) {
        commit!(store, end_session(*id, at(minutes)));
    }
    assert!(commit!(store, forget_ended_sessions(at(4), 2)), "there may be more");
    assert_eq!(listed(store).await.len(), 2);
    assert!(!commit!(store, forget_ended_sessions(at(4), 2)));
    assert_eq!(listed(store).await, ended([ids[3]], at(4)), "not before");
}

/// "… sessions created at or after `since` whose credentials version is not that of their user."
pub async fn a_session_of_an_older_credentials_version_is_listed(store: &dyn Store) {
    let noon = given::noon();
    let overtaken = async |since| store.list_overtaken_sessions(since, 9).await.unwrap();
    let (anna, ids) = anna_with(store, 1).await;
    assert_eq!(overtaken(noon).await, []);
    // As if a sign-in with the old password happened during the change.
    assert!(commit!(store, advance_credentials_version(anna.id, anna.credentials_version)));
    assert_eq!(overtaken(noon).await, ids);
    assert_eq!(overtaken(noon + Duration::MILLISECOND).await, []);
    assert_eq!(store.list_overtaken_sessions(noon, 0).await.unwrap(), []);
    let fresh = given::session(&User {
        credentials_version: anna.credentials_version.next(),
        ..anna.clone()
    });
    assert!(commit!(store, insert_session(&fresh)));
    assert_eq!(overtaken(noon).await, ids);
}
