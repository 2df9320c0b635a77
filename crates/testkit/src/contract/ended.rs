//! The rules of remembering which sessions have ended.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};
use vestibule_domain::id::SessionId;
use vestibule_domain::ports::Store;
use vestibule_domain::session::EndedSession;
use vestibule_domain::user::User;

use super::given;

fn at(minutes: i64) -> OffsetDateTime {
    given::noon() + Duration::minutes(minutes)
}

/// Before everything.
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
    // In the order of their ids.
    let ended: BTreeSet<_> = ids.into_iter().map(|id| EndedSession { ended_at, id }).collect();
    ended.into_iter().collect()
}

/// "Whichever verb ends one at `now`, it is listed as ended then."
pub async fn every_session_that_a_verb_ends_is_listed(store: &dyn Store) {
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
    let kept = commit!(store, keep_only_session(anna.id, keep, anna.epoch, at(4)));
    assert_eq!(kept, Some(4));
    expected.extend(ended(live, at(4)));
    assert_eq!(listed(store).await, expected);

    commit!(store, end_sessions(anna.id, at(5)));
    expected.extend(ended([keep], at(5)));
    assert_eq!(listed(store).await, expected);
    commit!(store, end_sessions(anna.id, at(6)));
    assert_eq!(listed(store).await, expected, "nobody was left");
}

/// … also those that end with their user, or with everything.
pub async fn sessions_of_a_deleted_user_and_of_everybody_are_listed(store: &dyn Store) {
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

/// A unit that is discarded has ended nothing.
pub async fn a_dropped_end_is_not_listed(store: &dyn Store) {
    let (_, ids) = anna_with(store, 1).await;
    let mut unit = store.begin().await.unwrap();
    assert!(unit.end_session(ids[0], at(1)).await.unwrap());
    drop(unit);
    assert_eq!(listed(store).await, []);
}

/// "At most `limit` … after that place in their order, the earliest first …"
pub async fn a_list_of_ended_sessions_continues_after_its_last(store: &dyn Store) {
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

/// "Forgets that sessions have ended which did so before `before`. … at most `limit` …"
pub async fn ended_sessions_are_forgotten_in_batches(store: &dyn Store) {
    let (_, ids) = anna_with(store, 4).await;
    for (minutes, id) in (1..).zip(&ids) {
        commit!(store, end_session(*id, at(minutes)));
    }
    assert!(commit!(store, forget_ended_sessions(at(4), 2)), "there may be more");
    assert_eq!(listed(store).await.len(), 2);
    assert!(!commit!(store, forget_ended_sessions(at(4), 2)));
    assert_eq!(listed(store).await, ended([ids[3]], at(4)), "not before");
}

/// "… sessions that began at or after `since` and are not in their user's epoch …"
pub async fn a_session_that_a_change_has_overtaken_is_listed(store: &dyn Store) {
    let noon = given::noon();
    let overtaken = async |since| store.list_overtaken_sessions(since, 9).await.unwrap();
    let (anna, ids) = anna_with(store, 1).await;
    assert_eq!(overtaken(noon).await, []);
    // As if it had been opened by somebody who knew the old password, while that was changed.
    assert!(commit!(store, advance_epoch(anna.id, anna.epoch)));
    assert_eq!(overtaken(noon).await, ids);
    assert_eq!(overtaken(noon + Duration::MILLISECOND).await, []);
    assert_eq!(store.list_overtaken_sessions(noon, 0).await.unwrap(), []);
    let fresh = given::session(&User { epoch: anna.epoch.next(), ..anna.clone() });
    assert!(commit!(store, insert_session(&fresh)));
    assert_eq!(overtaken(noon).await, ids);
}
