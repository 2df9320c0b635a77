//! Tests of listing mails, and of sending one again.

use time::{Duration, OffsetDateTime};
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::mail::{
    Lease, Mail, MailFate, MailKind, MailRecord, MailState, QueuedMail,
};
use vestibule_domain::model::user::User;
use vestibule_domain::ports::Store;

use super::given;

fn at(minutes: i64) -> OffsetDateTime {
    given::noon() + Duration::minutes(minutes)
}

/// A user whose address differs from its key.
async fn anna(store: &dyn Store) -> User {
    let email = EmailAddress::parse("Anna@Example.COM").unwrap();
    let anna = User { email, ..given::user("anna") };
    commit!(store, insert_user(&anna));
    anna
}

/// Claims all due mails, for ten minutes.
async fn claim(store: &dyn Store, now: OffsetDateTime) -> (Lease, Vec<QueuedMail>) {
    let lease = given::lease(now + Duration::minutes(10));
    (lease, commit!(store, claim_mails(now, lease, 100)))
}

/// Claims the one due mail, and settles it a minute later.
async fn settle(store: &dyn Store, now: OffsetDateTime, fate: &MailFate) {
    let (lease, claimed) = claim(store, now).await;
    assert_eq!(claimed.len(), 1);
    let settled_at = now + Duration::MINUTE;
    assert!(commit!(store, settle_mail(claimed[0].id, lease.id, fate, settled_at)));
}

async fn record(store: &dyn Store, id: MailId) -> MailRecord {
    let mails = store.list_mails(None, 100).await.unwrap();
    mails.into_iter().find(|mail| mail.id == id).unwrap()
}

/// "… mails …, the newest first", with kind and recipient.
pub async fn mails_are_listed_newest_first(store: &dyn Store) {
    assert_eq!(store.list_mails(None, 10).await.unwrap(), []);
    let (anna, berta) = (anna(store).await, given::stored_user(store, "berta").await);
    let reset = given::stored_reset(store, &anna, at(0)).await;
    let (user_id, client) = (anna.id, given::client());
    let notice = Mail::PasswordChanged { user_id, client: client.clone() };
    let disabled = Mail::PasswordDisabled { user_id, client: client.clone() };
    let guessed = Mail::SignInAfterFailures { user_id, client: client.clone() };
    let copied = Mail::RefreshTokenReused { user_id, client };
    let mails = [
        (Mail::ResetLink { user_id: anna.id, reset_id: reset.id }, MailKind::ResetLink, &anna),
        (Mail::Welcome { user_id: berta.id }, MailKind::Welcome, &berta),
        (notice, MailKind::PasswordChanged, &anna),
        (disabled, MailKind::PasswordDisabled, &anna),
        (guessed, MailKind::SignInAfterFailures, &anna),
        (copied, MailKind::RefreshTokenReused, &anna),
    ];
    let mut records = Vec::new();
    for (minute, (mail, kind, user)) in (0..).zip(mails) {
        let mail = QueuedMail::new(mail, at(minute), given::random());
        commit!(store, enqueue(&mail));
        records.push(MailRecord {
            id: mail.id,
            kind,
            to: user.email.clone(),
            state: MailState::Waiting { due_at: at(minute) },
            attempts: 0,
            queued_at: at(minute),
            last_error: None,
        });
    }
    records.reverse();
    assert_eq!(store.list_mails(None, 10).await.unwrap(), records);
}

/// "Returns at most `limit` mails with an id before `before`."
pub async fn a_list_of_mails_continues_before_an_id_and_ends_at_the_limit(store: &dyn Store) {
    let anna = anna(store).await;
    let mut ids = Vec::new();
    for minute in 0..3 {
        ids.insert(0, given::stored_welcome(store, &anna, at(minute)).await.id);
    }
    let list = async |before, limit| {
        let mails = store.list_mails(before, limit).await.unwrap();
        mails.iter().map(|mail| mail.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 2).await, ids[..2]);
    assert_eq!(list(Some(ids[0]), 1).await, ids[1..2]);
    assert_eq!(list(Some(ids[1]), 2).await, ids[2..]);
    assert_eq!(list(Some(ids[2]), 2).await, []);
}

/// The record contains the attempts, the time of the next one, and the last error.
pub async fn a_record_shows_the_state_of_its_mail(store: &dyn Store) {
    let anna = anna(store).await;
    let mail = given::stored_welcome(store, &anna, at(0)).await;
    let waiting = record(store, mail.id).await;
    claim(store, at(0)).await;
    assert_eq!(record(store, mail.id).await, MailRecord { attempts: 1, ..waiting.clone() });

    // The lease has ended.
    let retry = MailFate::Retry { at: at(60), reason: "451 la\0ter".to_owned() };
    settle(store, at(30), &retry).await;
    let retried = MailRecord {
        attempts: 2,
        state: MailState::Waiting { due_at: at(60) },
        last_error: Some("451 later".to_owned()),
        ..waiting.clone()
    };
    assert_eq!(record(store, mail.id).await, retried);

    settle(store, at(60), &MailFate::Sent).await;
    let state = MailState::Sent { at: at(61) };
    assert_eq!(record(store, mail.id).await, MailRecord { attempts: 3, state, ..waiting });
}

/// The record of mails that failed or were withdrawn.
pub async fn a_record_shows_the_result_of_its_mail(store: &dyn Store) {
    let anna = anna(store).await;
    let failed = MailFate::Failed { reason: "550 unknown user".to_owned() };
    for (fate, state, last_error) in [
        (failed, MailState::Failed { at: at(1) }, Some("550 unknown user".to_owned())),
        (MailFate::Withdrawn, MailState::Withdrawn { at: at(1) }, None),
    ] {
        let mail = given::stored_welcome(store, &anna, at(0)).await;
        settle(store, at(0), &fate).await;
        let record = record(store, mail.id).await;
        assert_eq!((record.state, record.last_error), (state, last_error));
    }
}

/// "Makes a mail due at `now`, in any state: its attempts and last error are reset, the time at
/// which it was queued stays."
pub async fn a_mail_in_any_state_is_made_due_again(store: &dyn Store) {
    let anna = anna(store).await;
    let reason = "no".to_owned();
    for fate in [
        MailFate::Sent,
        MailFate::Withdrawn,
        MailFate::Failed { reason: reason.clone() },
        MailFate::Retry { at: at(1_000_000), reason },
    ] {
        let mail = given::stored_welcome(store, &anna, at(0)).await;
        settle(store, at(0), &fate).await;
        assert!(commit!(store, requeue_mail(mail.id, at(60))));
        let again = record(store, mail.id).await;
        assert_eq!(again.state, MailState::Waiting { due_at: at(60) });
        assert_eq!((again.attempts, again.last_error, again.queued_at), (0, None, at(0)));
        assert_eq!(claim(store, at(59)).await.1, []);
        let (lease, claimed) = claim(store, at(60)).await;
        assert_eq!(claimed, [QueuedMail { attempts: 1, ..mail.clone() }]);
        assert!(commit!(store, settle_mail(mail.id, lease.id, &MailFate::Sent, at(61))));
    }
}

/// "Returns `false`, and changes nothing, if … it has a lease beyond `now`."
pub async fn a_mail_that_is_being_sent_is_not_made_due(store: &dyn Store) {
    let anna = anna(store).await;
    let mail = given::stored_welcome(store, &anna, at(0)).await;
    let (lease, _) = claim(store, at(0)).await;
    let before = record(store, mail.id).await;
    let last = lease.until - Duration::MICROSECOND;
    assert!(!commit!(store, requeue_mail(mail.id, last)));
    assert_eq!(record(store, mail.id).await, before);
    assert_eq!(claim(store, last).await.1, []);

    // The worker of the first claim can no longer settle.
    assert!(commit!(store, requeue_mail(mail.id, lease.until)));
    assert!(!commit!(store, settle_mail(mail.id, lease.id, &MailFate::Sent, lease.until)));
    assert_eq!(claim(store, lease.until).await.1, [QueuedMail { attempts: 1, ..mail }]);
}

/// "Returns `false`, and changes nothing, if there is no such mail."
pub async fn a_deleted_mail_is_not_made_due(store: &dyn Store) {
    let anna = anna(store).await;
    let mail = given::stored_welcome(store, &anna, at(0)).await;
    let before = record(store, mail.id).await;
    let unknown = given::welcome(&anna, at(0));
    assert!(!commit!(store, requeue_mail(unknown.id, at(60))));
    assert_eq!(store.list_mails(None, 10).await.unwrap(), [before]);
}
