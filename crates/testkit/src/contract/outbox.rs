//! Tests of [`OutboxStore`](vestibule_domain::ports::OutboxStore).

use time::{Duration, OffsetDateTime};
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::mail::{Lease, Mail, MailFate, QueuedMail};
use vestibule_domain::model::policy::SessionPolicy;
use vestibule_domain::ports::Store;

use super::given::{self, LINK_TTL};
use super::soon;

fn at(minutes: i64) -> OffsetDateTime {
    given::noon() + Duration::minutes(minutes)
}

fn ids(mails: &[QueuedMail]) -> Vec<MailId> {
    mails.iter().map(|mail| mail.id).collect()
}

/// Claims all due mails, for ten minutes.
async fn claim(store: &dyn Store, now: OffsetDateTime) -> (Lease, Vec<QueuedMail>) {
    let lease = given::lease(now + Duration::minutes(10));
    (lease, commit!(store, claim_mails(now, lease, 100)))
}

/// "Adds a mail, due at once."
pub async fn a_mail_is_due_at_once_and_read_as_it_was_written(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let reset = given::stored_reset(store, &anna, at(0)).await;
    for mail in [
        Mail::Welcome { user_id: anna.id },
        Mail::ResetLink { user_id: anna.id, reset_id: reset.id },
        Mail::PasswordChanged { user_id: anna.id, client: given::client() },
        Mail::PasswordDisabled { user_id: anna.id, client: ClientInfo::default() },
        Mail::SignInAfterFailures { user_id: anna.id, client: given::client() },
        Mail::RefreshTokenReused { user_id: anna.id, client: given::client() },
    ] {
        let queued = QueuedMail::new(mail, at(0), given::random());
        commit!(store, enqueue(&queued));
        let (_, claimed) = claim(store, at(0)).await;
        assert_eq!(claimed, [QueuedMail { attempts: 1, ..queued }]);
    }
}

/// "Claims … mails that are due at `now`."
pub async fn a_mail_that_is_not_due_is_not_claimed(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let mail = given::stored_welcome(store, &anna, at(1)).await;
    assert_eq!(claim(store, at(1) - Duration::MICROSECOND).await.1, []);
    assert_eq!(ids(&claim(store, at(1)).await.1), [mail.id]);
}

/// "… and have no lease beyond `now`."
pub async fn a_claimed_mail_is_not_claimed_again_until_its_lease_ends(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let mail = given::stored_welcome(store, &anna, at(0)).await;
    let (lease, _) = claim(store, at(0)).await;
    assert_eq!(claim(store, at(0)).await.1, []);
    assert_eq!(claim(store, lease.until - Duration::MICROSECOND).await.1, []);
    assert_eq!(ids(&claim(store, lease.until).await.1), [mail.id]);
}

/// "Claims at most `limit` mails …, the longest overdue first."
pub async fn the_longest_overdue_is_claimed_first_and_at_most_the_limit(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let second = given::stored_welcome(store, &anna, at(1)).await;
    let third = given::stored_welcome(store, &anna, at(2)).await;
    let first = given::stored_welcome(store, &anna, at(0)).await;
    assert_eq!(commit!(store, claim_mails(at(3), given::lease(at(9)), 0)), []);
    let claimed = commit!(store, claim_mails(at(3), given::lease(at(9)), 2));
    assert_eq!(ids(&claimed), [first.id, second.id]);
    let claimed = commit!(store, claim_mails(at(3), given::lease(at(9)), 2));
    assert_eq!(ids(&claimed), [third.id]);
}

/// "… and counts the attempt."
pub async fn each_claim_counts_an_attempt(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    given::stored_welcome(store, &anna, at(0)).await;
    for attempt in 1..4 {
        let (_, claimed) = claim(store, at(i64::from(attempt) * 60)).await;
        assert_eq!(claimed[0].attempts, attempt);
    }
    // A claim that is rolled back does not count.
    let mut unit = store.begin().await.unwrap();
    unit.claim_mails(at(600), given::lease(at(700)), 1).await.unwrap();
    drop(unit);
    let claimed = soon(async || claim(store, at(600)).await.1.pop()).await;
    assert_eq!(claimed.attempts, 4);
}

/// "A mail that was sent, failed or was withdrawn is never claimed again."
pub async fn a_finished_mail_is_never_claimed_again(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let failed = MailFate::Failed { reason: "550 no\0body".to_owned() };
    for fate in [MailFate::Sent, failed, MailFate::Withdrawn] {
        let mail = given::stored_welcome(store, &anna, at(0)).await;
        let (lease, claimed) = claim(store, at(0)).await;
        assert_eq!(ids(&claimed), [mail.id]);
        assert!(commit!(store, settle_mail(mail.id, lease.id, &fate, at(1))));
        assert_eq!(claim(store, at(100_000)).await.1, []);
        assert!(!commit!(store, settle_mail(mail.id, lease.id, &fate, at(1))));
    }
}

fn retry(at: OffsetDateTime) -> MailFate {
    MailFate::Retry { at, reason: "451 later".to_owned() }
}

/// "Stores the delivery result of a claimed mail": a mail to be retried is due at that time.
pub async fn a_mail_to_be_retried_is_due_at_its_time(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let mail = given::stored_welcome(store, &anna, at(0)).await;
    let (lease, _) = claim(store, at(0)).await;
    assert!(commit!(store, settle_mail(mail.id, lease.id, &retry(at(30)), at(1))));
    assert_eq!(claim(store, at(29)).await.1, []);
    assert_eq!(claim(store, at(30)).await.1, [QueuedMail { attempts: 2, ..mail }]);
}

/// "… and ends the claim."
pub async fn settling_ends_the_claim(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let mail = given::stored_welcome(store, &anna, at(0)).await;
    let (lease, _) = claim(store, at(0)).await;
    assert!(commit!(store, settle_mail(mail.id, lease.id, &retry(at(1)), at(1))));
    assert!(!commit!(store, settle_mail(mail.id, lease.id, &MailFate::Sent, at(1))));
    // Long before the end of the lease.
    assert_eq!(ids(&claim(store, at(1)).await.1), [mail.id]);
}

/// "Returns `false`, and changes nothing, if `lease` is not the mail's latest claim."
pub async fn only_the_latest_claim_settles(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let mail = given::stored_welcome(store, &anna, at(0)).await;
    let unclaimed = given::lease(at(9));
    assert!(!commit!(store, settle_mail(mail.id, unclaimed.id, &MailFate::Sent, at(0))));
    let (former, _) = claim(store, at(0)).await;
    let (latest, claimed) = claim(store, at(60)).await;
    assert_eq!(ids(&claimed), [mail.id]);
    assert!(!commit!(store, settle_mail(mail.id, former.id, &MailFate::Sent, at(61))));
    assert_eq!(claim(store, at(61)).await.1, []);
    assert!(commit!(store, settle_mail(mail.id, latest.id, &MailFate::Sent, at(61))));
}

/// The latest claim settles even after its lease has ended.
pub async fn a_late_worker_settles_if_no_other_has_claimed(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let mail = given::stored_welcome(store, &anna, at(0)).await;
    let (lease, _) = claim(store, at(0)).await;
    let late = lease.until + Duration::HOUR;
    assert!(commit!(store, settle_mail(mail.id, lease.id, &MailFate::Sent, late)));
    assert_eq!(claim(store, late).await.1, []);
}

/// "Deletes finished mails, expired resets and expired sessions that ended before `before`."
pub async fn purging_deletes_only_what_ended_before(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let session = given::stored_session(store, &anna).await;
    let reset = given::stored_reset(store, &anna, at(0)).await;
    let mail = given::stored_welcome(store, &anna, at(0)).await;
    let (lease, _) = claim(store, at(0)).await;
    commit!(store, settle_mail(mail.id, lease.id, &MailFate::Sent, at(0)));

    commit!(store, purge(reset.expires_at, 100));
    assert!(store.find_reset(reset.id).await.unwrap().is_some());
    commit!(store, purge(reset.expires_at + Duration::MICROSECOND, 100));
    assert!(store.find_reset(reset.id).await.unwrap().is_none());

    commit!(store, purge(session.expires_at, 100));
    assert!(store.find_session(session.id).await.unwrap().is_some());
    commit!(store, purge(session.expires_at + Duration::MICROSECOND, 100));
    assert!(store.find_session(session.id).await.unwrap().is_none());
}

/// "Deletes at most `limit` of each … Returns `true` if there may be more."
pub async fn purging_is_done_in_batches(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    for _ in 0..5 {
        given::stored_session(store, &anna).await;
    }
    let over = given::session(&anna).expires_at + Duration::MICROSECOND;
    assert!(commit!(store, purge(over, 2)));
    assert!(commit!(store, purge(over, 2)));
    assert!(!commit!(store, purge(over, 2)));
    assert!(!commit!(store, purge(over, 2)));
}

/// Valid sessions and resets, and mails to be sent, are not deleted.
pub async fn purging_keeps_everything_that_is_still_valid(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    commit!(store, set_password(anna.id, &given::hash("a"), at(0)));
    let session = given::stored_session(store, &anna).await;
    let used = given::stored_reset(store, &anna, at(0)).await;
    commit!(store, spend_reset(used.id, at(0)));
    let reset = given::stored_reset(store, &anna, at(0)).await;
    let request = given::request("anna", at(0));
    commit!(store, insert_reset_request(&request));
    let claimed = given::stored_welcome(store, &anna, at(0)).await;
    let (lease, _) = claim(store, at(0)).await;
    let waiting = given::stored_welcome(store, &anna, at(0)).await;

    let before = at(0) + LINK_TTL - Duration::MICROSECOND;
    commit!(store, purge(before, 100));
    let found = store.find_user_by_email(anna.email.key()).await.unwrap();
    assert_eq!(found, Some((anna.clone(), Some(given::hash("a")))));
    let (session, owner) = store.find_session(session.id).await.unwrap().unwrap();
    assert!(session.is_live(&owner, &SessionPolicy::default(), before));
    // A used reset counts towards the account's limit until its expiry.
    assert_eq!(commit!(store, recent_resets(anna.id, at(0))).len(), 2);
    assert!(commit!(store, spend_reset(reset.id, before)).is_some());
    assert_eq!(commit!(store, take_reset_request()), Some(request));
    assert!(commit!(store, settle_mail(claimed.id, lease.id, &MailFate::Sent, before)));
    assert_eq!(ids(&claim(store, before).await.1), [waiting.id]);
}
