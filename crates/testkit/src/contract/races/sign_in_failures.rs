//! Concurrent units with wrong passwords.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use time::Duration;
use tokio::task::JoinSet;
use vestibule_domain::model::audit::AuditAction;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{Mail, QueuedMail};
use vestibule_domain::model::session::Session;
use vestibule_domain::model::user::User;
use vestibule_domain::ports::Store;

use super::{CONTESTANTS, at_once};
use crate::contract::given::{self, address, network};

/// "Of any number of concurrent units each is counted", and each gets another number, so that
/// exactly one is the last allowed.
pub async fn each_wrong_password_is_counted(store: Arc<dyn Store>) {
    for networks in [1, 7, CONTESTANTS] {
        let tried = address(&format!("anna{networks}"));
        let counted = at_once(&store, CONTESTANTS, |number, store| {
            let tried = tried.clone();
            let from = network(&format!("192.0.2.{}", number % networks));
            async move { commit!(store, count_failure(&tried, from, given::noon(), given::noon())) }
        });
        let mut counted = counted.await;
        counted.sort_unstable();
        let contestants = u32::try_from(CONTESTANTS).unwrap();
        assert_eq!(counted, (1..=contestants).collect::<Vec<_>>());
        let mut from_networks = 0;
        for number in 0..networks {
            let from = network(&format!("192.0.2.{number}"));
            let found = store.find_failures(&tried, from).await.unwrap();
            assert_eq!(found.total, contestants);
            from_networks += found.from_network;
        }
        assert_eq!(from_networks, contestants);
    }
}

/// "Returns the former count": each wrong password is in one of them, or still counted.
pub async fn each_wrong_password_is_reset_once(store: Arc<dyn Store>) {
    let tried = address("anna");
    let forgotten = at_once(&store, CONTESTANTS, |number, store| {
        let tried = tried.clone();
        let from = network(&format!("192.0.2.{}", number % 5));
        async move {
            if number % 5 == 0 {
                return commit!(store, forget_failures(&tried, None));
            }
            commit!(store, count_failure(&tried, from, given::noon(), given::noon()));
            0
        }
    });
    let forgotten: u32 = forgotten.await.into_iter().sum();
    let left = store.find_failures(&tried, network("192.0.2.1")).await.unwrap().total;
    assert_eq!(forgotten + left, u32::try_from(CONTESTANTS * 4 / 5).unwrap());
}

/// "Until the unit ends, no other unit can count one that this result leaves out", with or without
/// an earlier count.
pub async fn nothing_is_counted_while_a_unit_resets(store: Arc<dyn Store>) {
    let unknown = given::user("unknown").id;
    for (round, before) in (0..10).zip([0, 1].into_iter().cycle()) {
        let tried = address(&format!("anna{round}"));
        for _ in 0..before {
            let (from, noon) = (network("192.0.2.9"), given::noon());
            commit!(store, count_failure(&tried, from, noon, noon));
        }
        let mut unit = store.begin().await.unwrap();
        assert_eq!(unit.forget_failures(&tried, None).await.unwrap(), before);
        let committed = Arc::new(AtomicU32::new(0));
        let mut counting = JoinSet::new();
        for number in 0..4 {
            let (store, tried) = (Arc::clone(&store), tried.clone());
            let committed = Arc::clone(&committed);
            counting.spawn(async move {
                let (from, noon) = (network(&format!("192.0.2.{number}")), given::noon());
                commit!(store, count_failure(&tried, from, noon, noon));
                committed.fetch_add(1, Ordering::SeqCst);
            });
        }
        // Enough time for all of them to finish if they were not blocked.
        for _ in 0..50 {
            unit.lock_users(&[unknown]).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(committed.load(Ordering::SeqCst), 0);
        unit.commit().await.unwrap();
        counting.join_all().await;
        let found = store.find_failures(&tried, network("192.0.2.0")).await.unwrap();
        assert_eq!((found.total, found.from_network), (4, 1));
    }
}

/// Counts and resets as the use cases do.
async fn act(store: &dyn Store, anna: &User, session: &Session, number: usize) {
    let (User { id, email, credentials_version, .. }, noon) = (anna, given::noon());
    let from = network(&format!("192.0.2.{}", number % 5));
    let mut unit = store.begin().await.unwrap();
    let kind = match number % 5 {
        0 => {
            unit.count_failure(email.key(), from, noon, noon).await.unwrap();
            AuditAction::SignInFailed
        }
        1 => {
            unit.insert_session(&given::session(anna)).await.unwrap();
            unit.keep_newest_sessions(*id, 3, given::noon()).await.unwrap();
            unit.forget_failures(email.key(), Some(from)).await.unwrap();
            unit.set_language(*id, Language::German).await.unwrap();
            AuditAction::SignedIn
        }
        2 => {
            unit.renew_session(session.id, *credentials_version, None, noon).await.unwrap();
            unit.forget_failures(email.key(), Some(from)).await.unwrap();
            AuditAction::ProofGiven
        }
        3 => {
            unit.advance_credentials_version(*id, *credentials_version).await.unwrap();
            unit.forget_failures(email.key(), Some(from)).await.unwrap();
            unit.keep_only_session(*id, session.id, *credentials_version, given::noon())
                .await
                .unwrap();
            AuditAction::PasswordChanged
        }
        _ => {
            unit.purge_failures(noon + Duration::HOUR, 100).await.unwrap();
            unit.purge_events(noon, 100).await.unwrap();
            AuditAction::Activated
        }
    };
    unit.record(&given::event(kind, Some(*id), noon)).await.unwrap();
    unit.commit().await.unwrap();
}

/// No two units that count, reset, or change the account deadlock.
pub async fn units_of_the_same_account_do_not_deadlock(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let session = given::stored_session(&*store, &anna).await;
    at_once(&store, 2 * CONTESTANTS, |number, store| {
        let (anna, session) = (anna.clone(), session.clone());
        async move {
            if number % 5 == 0 {
                // The mail about the disabled password references the account.
                let mail = Mail::PasswordDisabled { user_id: anna.id, client: given::client() };
                let mail = QueuedMail::new(mail, given::noon(), given::random());
                let from = network("192.0.2.0");
                let mut unit = store.begin().await.unwrap();
                let tried = anna.email.key();
                unit.count_failure(tried, from, given::noon(), given::noon()).await.unwrap();
                unit.enqueue(&mail).await.unwrap();
                return unit.commit().await.unwrap();
            }
            act(&*store, &anna, &session, number).await;
        }
    })
    .await;
    let events = store.list_events(Some(anna.id), None, 1000).await.unwrap();
    assert_eq!(events.len(), 2 * CONTESTANTS * 4 / 5);
}

/// "Deletes a user", while wrong passwords for the account are counted.
pub async fn a_user_is_deleted_while_passwords_are_tried(store: Arc<dyn Store>) {
    for round in 0..5 {
        let anna = given::stored_user(&*store, &format!("anna{round}")).await;
        let session = given::stored_session(&*store, &anna).await;
        at_once(&store, CONTESTANTS, |number, store| {
            let (anna, session) = (anna.clone(), session.clone());
            async move {
                if number == CONTESTANTS / 2 {
                    return assert!(commit!(store, delete_user(anna.id, given::noon())));
                }
                act(&*store, &anna, &session, number).await;
            }
        })
        .await;
        assert_eq!(store.list_sessions(anna.id).await.unwrap(), []);
    }
}
