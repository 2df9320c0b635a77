//! The rules about many units at once.
//!
//! Every contestant opens a unit of its own as soon as all of them are ready. No rule waits for a
//! certain order: whichever comes about, the sentence has to hold.

use std::sync::Arc;

use time::Duration;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use vestibule_domain::id::MailId;
use vestibule_domain::ports::{Insertion, Store};
use vestibule_domain::user::User;

use super::{given, soon};

/// How many compete.
const CONTESTANTS: usize = 50;

/// Lets many do the same at once, and collects what they got, in no particular order.
async fn at_once<T, F, R>(store: &Arc<dyn Store>, contestants: usize, attempt: F) -> Vec<T>
where
    T: Send + 'static,
    F: Fn(usize, Arc<dyn Store>) -> R,
    R: Future<Output = T> + Send + 'static,
{
    let ready = Arc::new(Barrier::new(contestants));
    let mut running = JoinSet::new();
    for number in 0..contestants {
        let attempt = attempt(number, Arc::clone(store));
        let (store, ready) = (Arc::clone(store), Arc::clone(&ready));
        running.spawn(async move {
            // So that nobody waits for a connection to be made while others race.
            store.ping().await.unwrap();
            ready.wait().await;
            attempt.await
        });
    }
    running.join_all().await
}

fn successes(answers: &[bool]) -> usize {
    answers.iter().filter(|answer| **answer).count()
}

/// "Spends a reset: of any number of concurrent units exactly one receives it."
pub async fn one_of_many_units_spends_a_reset(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let reset = given::stored_reset(&*store, &anna, given::noon()).await;
    let id = reset.id;
    let spent = at_once(&store, CONTESTANTS, |_, store| async move {
        commit!(store, spend_reset(id, given::noon())).is_some()
    });
    assert_eq!(successes(&spent.await), 1);
}

/// "Of any number of concurrent units with one `from` exactly one is answered `true`."
pub async fn one_of_many_units_advances_an_epoch(store: Arc<dyn Store>) {
    let User { id, epoch, .. } = given::stored_user(&*store, "anna").await;
    let advanced =
        at_once(
            &store,
            CONTESTANTS,
            |_, store| async move { commit!(store, advance_epoch(id, epoch)) },
        );
    assert_eq!(successes(&advanced.await), 1);
    assert_eq!(store.find_user(id).await.unwrap().unwrap().epoch, epoch.next());
}

/// Both sentences together: a link and a change of password never both succeed in one epoch.
pub async fn either_a_reset_or_a_change_of_password_wins(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let reset = given::stored_reset(&*store, &anna, given::noon()).await;
    let User { id, epoch, .. } = anna;
    let won = at_once(&store, CONTESTANTS, |number, store| async move {
        let mut unit = store.begin().await.unwrap();
        let by_link = number % 2 == 0;
        if by_link && unit.spend_reset(reset.id, given::noon()).await.unwrap().is_none() {
            return false;
        }
        if !unit.advance_epoch(id, epoch).await.unwrap() {
            return false;
        }
        unit.set_password(id, &given::hash("new"), given::noon()).await.unwrap();
        unit.end_sessions(id).await.unwrap();
        unit.commit().await.unwrap();
        true
    });
    assert_eq!(successes(&won.await), 1);
    assert_eq!(store.find_user(id).await.unwrap().unwrap().epoch, epoch.next());
}

/// "Adds a user; says so, and changes nothing, when the address … is taken."
pub async fn one_of_many_units_inserts_an_address(store: Arc<dyn Store>) {
    let address = given::user("anna").email;
    let inserted = at_once(&store, CONTESTANTS, |number, store| {
        let user = User { email: address.clone(), ..given::user(&format!("rival{number}")) };
        async move { commit!(store, insert_user(&user)) }
    });
    let inserted = inserted.await;
    assert_eq!(inserted.iter().filter(|i| **i == Insertion::Inserted).count(), 1);
    assert_eq!(inserted.iter().filter(|i| **i == Insertion::EmailTaken).count(), CONTESTANTS - 1);
    assert_eq!(store.list_users(None, 100, false).await.unwrap().len(), 1);
}

/// "… or the name is taken."
pub async fn one_of_many_units_inserts_a_name(store: Arc<dyn Store>) {
    let name = given::user("anna").username;
    let inserted = at_once(&store, CONTESTANTS, |number, store| {
        let user = User { username: name.clone(), ..given::user(&format!("rival{number}")) };
        async move { commit!(store, insert_user(&user)) }
    });
    let inserted = inserted.await;
    assert_eq!(inserted.iter().filter(|i| **i == Insertion::Inserted).count(), 1);
    let taken = inserted.iter().filter(|i| **i == Insertion::UsernameTaken).count();
    assert_eq!(taken, CONTESTANTS - 1);
    assert_eq!(store.list_users(None, 100, false).await.unwrap().len(), 1);
}

/// "The unit stays usable either way", also when the rival came a moment before.
pub async fn a_unit_that_loses_a_race_stays_usable(store: Arc<dyn Store>) {
    let address = given::user("anna").email;
    let done = at_once(&store, CONTESTANTS, |number, store| {
        let rival = User { email: address.clone(), ..given::user(&format!("rival{number}")) };
        let other = given::user(&format!("other{number}"));
        async move {
            let mut unit = store.begin().await.unwrap();
            unit.insert_user(&rival).await.unwrap();
            let second = unit.insert_user(&other).await.unwrap();
            assert!(unit.insert_session(&given::session(&other)).await.unwrap());
            unit.commit().await.unwrap();
            second == Insertion::Inserted
        }
    });
    assert_eq!(successes(&done.await), CONTESTANTS);
    assert_eq!(store.list_users(None, 100, false).await.unwrap().len(), CONTESTANTS + 1);
}

/// "Answers `false`, and changes nothing, when the stored hash is not `old` any more."
pub async fn one_of_many_units_replaces_a_hash(store: Arc<dyn Store>) {
    let User { id, .. } = given::stored_user(&*store, "anna").await;
    commit!(store, set_password(id, &given::hash("old"), given::noon()));
    let replaced = at_once(&store, CONTESTANTS, |number, store| async move {
        let new = given::hash(&number.to_string());
        commit!(store, replace_hash(id, &given::hash("old"), &new))
    });
    assert_eq!(successes(&replaced.await), 1);
}

/// "Of any number of concurrent units each request is taken by exactly one."
pub async fn each_request_is_taken_once(store: Arc<dyn Store>) {
    let mut asked = Vec::new();
    for second in 0..20 {
        let request = given::request("anna", given::noon() + Duration::seconds(second));
        commit!(store, insert_reset_request(&request));
        asked.push(request.id);
    }
    // Many workers, of whom every third gives up what it has taken the first time.
    let taken = at_once(&store, 9, |number, store| async move {
        let mut mine = Vec::new();
        let mut gives_up = number % 3 == 0;
        loop {
            let mut unit = store.begin().await.unwrap();
            match unit.take_reset_request().await.unwrap() {
                None => return mine,
                Some(_) if gives_up => gives_up = false,
                Some(request) => {
                    unit.commit().await.unwrap();
                    mine.push(request.id);
                }
            }
        }
    });
    let mut taken: Vec<_> = taken.await.into_iter().flatten().collect();
    // What was given up while the others looked is back, and nobody else's.
    while taken.len() < asked.len() {
        taken.push(soon(async || commit!(store, take_reset_request())).await.id);
    }
    assert_eq!(commit!(store, take_reset_request()), None);
    taken.sort();
    assert_eq!(taken, asked);
}

/// "Until the unit ends, no other unit can issue one to the same user."
pub async fn one_of_many_units_issues_a_reset(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    let issued = at_once(&store, CONTESTANTS, |_, store| {
        let reset = given::reset(&anna, given::noon());
        async move {
            let mut unit = store.begin().await.unwrap();
            if !unit.recent_resets(reset.user_id, given::noon()).await.unwrap().is_empty() {
                return false;
            }
            assert!(unit.insert_reset(&reset).await.unwrap());
            unit.commit().await.unwrap();
            true
        }
    });
    assert_eq!(successes(&issued.await), 1);
}

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

/// "Answers `false`, and changes nothing, when its user is gone", however late the user goes.
pub async fn no_session_outlives_its_user(store: Arc<dyn Store>) {
    let anna = given::stored_user(&*store, "anna").await;
    commit!(store, set_password(anna.id, &given::hash("a"), given::noon()));
    let sessions: Vec<_> = (0..CONTESTANTS).map(|_| given::session(&anna)).collect();
    at_once(&store, CONTESTANTS, |number, store| {
        let session = sessions[number].clone();
        async move {
            if number == CONTESTANTS / 2 {
                assert!(commit!(store, delete_user(session.user_id)));
            } else {
                // As a sign-in does that also renews the hash: no two units may end up waiting
                // for each other.
                let hash = given::hash("a");
                let mut unit = store.begin().await.unwrap();
                unit.replace_hash(session.user_id, &hash, &hash).await.unwrap();
                unit.insert_session(&session).await.unwrap();
                unit.commit().await.unwrap();
            }
        }
    })
    .await;
    for session in sessions {
        assert_eq!(store.find_session(session.id).await.unwrap(), None);
    }
}

/// "Makes everything the unit wrote … visible, at once."
pub async fn a_commit_becomes_visible_at_once(store: Arc<dyn Store>) {
    let anna = given::user("anna");
    at_once(&store, 8, |number, store| {
        let anna = anna.clone();
        async move {
            if number == 0 {
                let mut unit = store.begin().await.unwrap();
                unit.insert_user(&anna).await.unwrap();
                unit.set_password(anna.id, &given::hash("a"), given::noon()).await.unwrap();
                unit.commit().await.unwrap();
                return;
            }
            loop {
                match store.find_user_by_email(anna.email.key()).await.unwrap() {
                    Some((_, hash)) => return assert_eq!(hash, Some(given::hash("a"))),
                    None => tokio::task::yield_now().await,
                }
            }
        }
    })
    .await;
}
