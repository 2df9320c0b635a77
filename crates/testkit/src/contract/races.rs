//! Tests of concurrent units.
//!
//! Each task begins its own unit as soon as all of them are ready. No test depends on a certain
//! order.

pub mod installation;
pub mod mails;
pub mod resets;
pub mod sessions;
pub mod sign_in_failures;
pub mod users;

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use vestibule_domain::ports::Store;

/// Number of concurrent units.
const CONTESTANTS: usize = 50;

/// Runs an attempt in many tasks at once, and returns the results in no particular order.
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
            // So that all connections exist before the race.
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
