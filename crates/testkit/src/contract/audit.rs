//! Tests of [`AuditStore`](vestibule_domain::ports::AuditStore) and of listing events.

use time::{Duration, OffsetDateTime};
use vestibule_domain::model::audit::{Actor, AuditAction, AuditEvent};
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::user::User;
use vestibule_domain::ports::Store;

use super::given;

fn at(minutes: i64) -> OffsetDateTime {
    given::noon() + Duration::minutes(minutes)
}

/// Adds sign-ins at these minutes, and returns their events, the newest first.
async fn sign_ins(store: &dyn Store, user: &User, minutes: &[i64]) -> Vec<AuditEvent> {
    let mut events = Vec::new();
    for minute in minutes {
        let event = given::event(AuditAction::SignedIn, Some(user.id), at(*minute));
        commit!(store, record(&event));
        events.insert(0, event);
    }
    events
}

/// "Adds an event", of any action, about any user, by any actor.
pub async fn an_event_is_read_as_it_was_written(store: &dyn Store) {
    let anna = given::user("anna").id;
    for (minute, kind) in (0..).zip(AuditAction::ALL) {
        for by in [Actor::Client, Actor::Administrator(anna), Actor::Operator, Actor::Service] {
            for (user_id, client) in [(Some(anna), given::client()), (None, ClientInfo::default())]
            {
                let event = given::event(kind, user_id, at(minute));
                let event = AuditEvent { by, client, ..event };
                commit!(store, record(&event));
                assert_eq!(store.list_events(None, None, 1).await.unwrap(), [event]);
            }
        }
    }
}

/// "… audit events …, the newest first."
pub async fn events_are_listed_newest_first(store: &dyn Store) {
    assert_eq!(store.list_events(None, None, 10).await.unwrap(), []);
    let anna = given::stored_user(store, "anna").await;
    let mut events = sign_ins(store, &anna, &[1, 0, 2]).await;
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    assert_eq!(store.list_events(None, None, 10).await.unwrap(), events);
}

/// "Returns at most `limit` audit events with an id before `before`."
pub async fn a_list_of_events_continues_before_an_id_and_ends_at_the_limit(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let events = sign_ins(store, &anna, &[0, 1, 2]).await;
    for user in [None, Some(anna.id)] {
        let list = async |before, limit| store.list_events(user, before, limit).await.unwrap();
        assert_eq!(list(None, 2).await, events[..2]);
        assert_eq!(list(Some(events[0].id), 1).await, events[1..2]);
        assert_eq!(list(Some(events[1].id), 2).await, events[2..]);
        assert_eq!(list(Some(events[2].id), 2).await, []);
    }
}

/// "… of one user if given."
pub async fn events_can_be_listed_by_user(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    let annas = sign_ins(store, &anna, &[0, 2]).await;
    let bertas = sign_ins(store, &berta, &[1, 3]).await;
    commit!(store, record(&given::event(AuditAction::SignInFailed, None, at(4))));
    // An event of an administrator is about the changed account.
    let by = Actor::Administrator(anna.id);
    let promoted = given::event(AuditAction::Promoted, Some(berta.id), at(5));
    let promoted = AuditEvent { by, ..promoted };
    commit!(store, record(&promoted));
    assert_eq!(store.list_events(Some(anna.id), None, 10).await.unwrap(), annas);
    let bertas = [vec![promoted], bertas].concat();
    assert_eq!(store.list_events(Some(berta.id), None, 10).await.unwrap(), bertas);
    let unknown = given::user("unknown").id;
    assert_eq!(store.list_events(Some(unknown), None, 10).await.unwrap(), []);
    assert_eq!(store.list_events(None, None, 10).await.unwrap().len(), 6);
}

/// "It stays when its account is deleted."
pub async fn an_event_stays_when_its_account_is_deleted(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let admin = given::stored_user(store, "admin").await;
    let mut events = sign_ins(store, &anna, &[0]).await;
    let deleted = given::event(AuditAction::UserDeleted, Some(anna.id), at(1));
    let deleted = AuditEvent { by: Actor::Administrator(admin.id), ..deleted };
    let mut unit = store.begin().await.unwrap();
    assert!(unit.delete_user(anna.id, given::noon()).await.unwrap());
    unit.record(&deleted).await.unwrap();
    unit.commit().await.unwrap();
    assert!(commit!(store, delete_user(admin.id, given::noon())));
    events.insert(0, deleted);
    assert_eq!(store.list_events(Some(anna.id), None, 10).await.unwrap(), events);
}

/// "Deletes … events from before `before`."
pub async fn purging_deletes_events_from_before(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let events = sign_ins(store, &anna, &[0, 1, 2]).await;
    for (before, left) in [
        (at(0), 3),
        (at(0) + Duration::MICROSECOND, 2),
        (at(1), 2),
        (at(2), 1),
        (at(2) + Duration::MICROSECOND, 0),
    ] {
        commit!(store, purge_events(before, 100));
        assert_eq!(store.list_events(None, None, 10).await.unwrap(), events[..left]);
    }
}

/// "Deletes at most `limit` events … Returns `true` if there may be more."
pub async fn events_are_purged_in_batches(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    sign_ins(store, &anna, &[0, 1, 2, 3, 4]).await;
    let kept = sign_ins(store, &anna, &[60]).await;
    for (more, left) in [(true, 4), (true, 2), (false, 1), (false, 1)] {
        assert_eq!(commit!(store, purge_events(at(60), 2)), more);
        assert_eq!(store.list_events(None, None, 10).await.unwrap().len(), left);
    }
    assert_eq!(store.list_events(None, None, 10).await.unwrap(), kept);
}
