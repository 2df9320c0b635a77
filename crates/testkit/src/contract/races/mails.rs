//! Concurrent units with mails.

use std::sync::Arc;

use time::Duration;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::mail::MailFate;
use vestibule_domain::ports::Store;

use super::{CONTESTANTS, at_once, successes};
use crate::contract::given;

/// "Of any number of concurrent units each mail is claimed by at most one."
pub async fn each_mail_is_claimed_once(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let mut queued = Vec::new();
    for _ in 0..60 {
        queued.push(given::stored_welcome(&*store, &anna, given::noon()).await.id);
    }
    let claimed = at_once(&store, 10, |_, store| async move {
        let mut mine = Vec::new();
        loop {
            let lease = given::lease(given::noon() + Duration::HOUR);
            let claimed = commit!(store, claim_mails(given::noon(), lease, 4));
            assert!(claimed.len() <= 4);
            assert!(claimed.iter().all(|mail| mail.attempts == 1));
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed.iter().map(|mail| mail.id));
        }
    });
    let mut claimed: Vec<MailId> = claimed.await.into_iter().flatten().collect();
    claimed.sort();
    queued.sort();
    assert_eq!(claimed, queued);
}

/// "Of any number of concurrent units each mail is claimed by at most one", even if it is made due
/// again at that time: "Returns `false` … if … it has a lease".
pub async fn a_mail_made_due_concurrently_is_claimed_once(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let mail = given::stored_welcome(&*store, &anna, given::noon()).await.id;
    let lease = given::lease(given::noon() + Duration::HOUR);
    commit!(store, claim_mails(given::noon(), lease, 1));
    commit!(store, settle_mail(mail, lease.id, &MailFate::Sent, given::noon()));
    let claimed = at_once(&store, CONTESTANTS, |number, store| async move {
        if number % 2 == 0 {
            commit!(store, requeue_mail(mail, given::noon()));
            return false;
        }
        let lease = given::lease(given::noon() + Duration::HOUR);
        !commit!(store, claim_mails(given::noon(), lease, 1)).is_empty()
    });
    let claimed = successes(&claimed.await);
    let lease = given::lease(given::noon() + Duration::HOUR);
    let left = commit!(store, claim_mails(given::noon(), lease, 1)).len();
    assert_eq!(claimed + left, 1);
}
