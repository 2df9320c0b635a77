//! Writes reset requests, all that wait at the same time in one transaction.

use tokio::sync::oneshot;
use tracing::Instrument as _;
use vestibule_domain::error::chain;
use vestibule_domain::model::password_reset::ResetRequest;
use vestibule_domain::ports::{StoreError, UnitOfWork as _};

use crate::error::unavailable;
use crate::reset_request_batch::{Waiting, WriteGuard, Writer};
use crate::resets::insert_requests;
use crate::spans;
use crate::store::SeaStore;

impl SeaStore {
    /// Writes a request in a batch, and returns when it is durable. The write goes on even if the
    /// returned future is dropped.
    pub(crate) async fn write_request(&self, request: &ResetRequest) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { request: request.clone(), answer };
        match self.requests.enqueue(waiting) {
            Writer::Running => {}
            Writer::ToBeStarted => {
                let store = self.clone();
                #[expect(clippy::disallowed_methods, reason = "ends when no request waits")]
                tokio::spawn(async move { store.write_requests().await });
            }
            Writer::Overloaded => return Err(unavailable("too many reset requests are waiting")),
        }
        let written = answered.instrument(spans::write_together(self.is_on_server()));
        written.await.unwrap_or_else(|stopped| Err(unavailable(stopped)))
    }

    async fn write_requests(&self) {
        let mut end = WriteGuard { requests: &self.requests, is_finished: false };
        loop {
            let next = self.requests.take_batch();
            if next.is_empty() {
                end.is_finished = true;
                return;
            }
            let (requests, answers): (Vec<_>, Vec<_>) =
                next.into_iter().map(|waiting| (waiting.request, waiting.answer)).unzip();
            let outcomes = match self.write_together(&requests).await {
                Ok(()) => requests.iter().map(|_| Ok(())).collect(),
                Err(StoreError::Unavailable(error)) => {
                    let reason = chain(&*error);
                    // Requests that arrived meanwhile have waited as long, and would fail too.
                    self.requests.fail_all(&reason);
                    requests.iter().map(|_| Err(unavailable(reason.clone()))).collect()
                }
                Err(error) if requests.len() == 1 => vec![Err(error)],
                // A single request may have caused the error.
                Err(StoreError::Corrupt(_)) => self.write_each(&requests).await,
            };
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // The client may have disconnected.
                let _ = answer.send(outcome);
            }
        }
    }

    async fn write_together(&self, requests: &[ResetRequest]) -> Result<(), StoreError> {
        let unit = self.open_unit().await?;
        insert_requests(&unit.tx, requests).await?;
        Box::new(unit).commit().await
    }

    async fn write_each(&self, requests: &[ResetRequest]) -> Vec<Result<(), StoreError>> {
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests {
            outcomes.push(self.write_together(std::slice::from_ref(request)).await);
        }
        outcomes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::JoinSet;
    use tokio::time::Instant;
    use vestibule_testkit::contract::given;

    use super::*;
    use crate::Settings;
    use crate::postgres::OPERATION_TIMEOUT;
    use crate::reset_request_batch::MAX_BATCH;

    /// Requests that wait for a batch fail together with it.
    #[tokio::test]
    async fn no_request_waits_longer_than_one_timeout_while_the_database_is_unavailable() {
        // No server listens on this port.
        let url = "postgres://vestibule@127.0.0.1:1/vestibule".to_owned();
        let settings = Settings { url, max_connections: 2, max_staleness: Duration::ZERO };
        let store = SeaStore::open(&settings).await.unwrap();
        let (begun, mut requests) = (Instant::now(), JoinSet::new());
        let one_is_alone = || {
            let queue = store.requests.lock();
            queue.is_written && queue.waiting.is_empty()
        };
        for _ in 0..3 * MAX_BATCH {
            let (store, request) = (store.clone(), given::request("anna", given::noon()));
            requests.spawn(async move { store.write_request(&request).await });
            // The others arrive while the first is written.
            while requests.len() == 1 && !one_is_alone() {
                tokio::task::yield_now().await;
            }
        }
        let outcomes = requests.join_all().await;
        assert!(outcomes.iter().all(|o| matches!(o, Err(StoreError::Unavailable(_)))));
        assert!(
            begun.elapsed() < OPERATION_TIMEOUT + OPERATION_TIMEOUT / 4,
            "{:?}",
            begun.elapsed()
        );
        assert!(!store.requests.lock().is_written);
    }
}
