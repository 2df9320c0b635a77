//! The rules about many units at once.
//!
//! Every contestant opens a unit of its own as soon as all of them are ready. No rule waits for a
//! certain order: whichever comes about, the sentence has to hold.

pub mod failures;
pub mod installation;
pub mod mails;
pub mod resets;
pub mod sessions;
pub mod users;

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use vestibule_domain::ports::Store;

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
