//! Tests of the stats.

use time::Duration;
use vestibule_domain::model::mail::MailFate;
use vestibule_domain::model::stats::Stats;
use vestibule_domain::ports::Store;

use super::given;

/// "Returns the stats …"
pub async fn stored_things_are_counted(store: &dyn Store) {
    let now = given::noon();
    assert_eq!(store.count(now).await.unwrap(), Stats::default());
    let anna = given::stored_user(store, "anna").await;
    let berta = given::stored_user(store, "berta").await;
    given::stored_session(store, &anna).await;
    store.add_reset_request(&given::request("anna", now)).await.unwrap();
    for _ in 0..3 {
        given::stored_welcome(store, &berta, now).await;
    }
    let lease = given::lease(now + Duration::MINUTE);
    let claimed = commit!(store, claim_mails(now, lease, 1));
    let fate = MailFate::Sent;
    assert!(commit!(store, settle_mail(claimed[0].id, lease.id, &fate, now)));
    let stats =
        Stats { users: 2, sessions: 1, reset_requests: 1, waiting_mails: 2, due_since: Some(now) };
    assert_eq!(store.count(now).await.unwrap(), stats);
    let mut unit = store.begin().await.unwrap();
    unit.take_reset_request().await.unwrap();
    unit.delete_user(berta.id, given::noon()).await.unwrap();
    unit.commit().await.unwrap();
    let stats = Stats { users: 1, sessions: 1, ..Stats::default() };
    assert_eq!(store.count(now).await.unwrap(), stats);
}

/// "… at `now`": only sessions within their absolute lifetime are counted.
pub async fn an_expired_session_is_not_counted(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    let before = session.expires_at - Duration::MICROSECOND;
    assert_eq!(store.count(before).await.unwrap().sessions, 1);
    assert_eq!(store.count(session.expires_at).await.unwrap().sessions, 0);
}

/// "… at `now`": the due time of the longest overdue mail, if any is due.
pub async fn the_due_time_of_the_longest_overdue_mail_is_returned(store: &dyn Store) {
    let noon = given::noon();
    let anna = given::stored_user(store, "anna").await;
    for minutes in [7, 3, 5] {
        given::stored_welcome(store, &anna, noon + Duration::minutes(minutes)).await;
    }
    let first = noon + Duration::minutes(3);
    let before = store.count(first - Duration::MICROSECOND).await.unwrap();
    assert_eq!((before.waiting_mails, before.due_since), (3, None));
    assert_eq!(store.count(first).await.unwrap().due_since, Some(first));
    let later = store.count(noon + Duration::HOUR).await.unwrap();
    assert_eq!((later.waiting_mails, later.due_since), (3, Some(first)));
}
