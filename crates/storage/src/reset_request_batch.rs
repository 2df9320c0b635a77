//! Group commit of reset requests.
//!
//! Any client may send a reset request, and each is durable before it is acknowledged. Requests
//! that arrive while a batch is written form the next batch, with one sync to disk for all of
//! them; a single request is written at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use vestibule_domain::model::password_reset::ResetRequest;
use vestibule_domain::ports::StoreError;

use crate::error::unavailable;

/// Maximum number of requests in a batch: each size needs its own prepared statement.
pub(crate) const MAX_BATCH: usize = 64;
/// Maximum number of waiting requests; with more, the database is overloaded.
const MAX_WAITING: usize = 4096;

/// Queue of waiting reset requests.
#[derive(Default)]
pub(crate) struct ResetRequestBatcher(Mutex<Queue>);

#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) is_written: bool,
}

pub(crate) struct Waiting {
    pub(crate) request: ResetRequest,
    pub(crate) answer: oneshot::Sender<Result<(), StoreError>>,
}

/// State of the task that writes the batches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    Running,
    ToBeStarted,
    Overloaded,
}

impl ResetRequestBatcher {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn enqueue(&self, waiting: Waiting) -> Writer {
        let mut queue = self.lock();
        if queue.waiting.len() >= MAX_WAITING {
            return Writer::Overloaded;
        }
        queue.waiting.push(waiting);
        if std::mem::replace(&mut queue.is_written, true) {
            Writer::Running
        } else {
            Writer::ToBeStarted
        }
    }

    /// Fails all waiting requests.
    pub(crate) fn fail_all(&self, reason: &str) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        for waiting in waiting {
            // The client may have disconnected.
            let _ = waiting.answer.send(Err(unavailable(reason.to_owned())));
        }
    }

    /// Takes the next batch; an empty one ends the task.
    pub(crate) fn take_batch(&self) -> Vec<Waiting> {
        let mut queue = self.lock();
        let count = queue.waiting.len().min(MAX_BATCH);
        let next: Vec<Waiting> = queue.waiting.drain(..count).collect();
        queue.is_written = !next.is_empty();
        next
    }
}

impl std::fmt::Debug for ResetRequestBatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetRequestBatcher").finish_non_exhaustive()
    }
}

/// Allows the next task to start, and fails the waiting requests if the task ended early.
pub(crate) struct WriteGuard<'a> {
    pub(crate) requests: &'a ResetRequestBatcher,
    pub(crate) is_finished: bool,
}

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            let mut queue = self.requests.lock();
            queue.is_written = false;
            queue.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use vestibule_testkit::contract::given;

    use super::*;

    #[test]
    fn requests_are_refused_when_the_queue_is_full() {
        let requests = ResetRequestBatcher::default();
        let stand = || {
            let (answer, _) = oneshot::channel();
            requests.enqueue(Waiting { request: given::request("a", given::noon()), answer })
        };
        assert!(stand() == Writer::ToBeStarted);
        assert!((1..MAX_WAITING).all(|_| stand() == Writer::Running));
        assert!(stand() == Writer::Overloaded);
    }
}
