//! Requests for a reset link, of which those of one moment are committed together.
//!
//! Everybody may ask for one, and each is durable before it is acknowledged: a disk is waited for
//! once for all who wait at that moment. Whoever comes while others are written goes with the next
//! ones, so a request alone waits for nobody.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tracing::Instrument as _;
use vestibule_domain::error::chain;
use vestibule_domain::ports::{StoreError, UnitOfWork as _};
use vestibule_domain::reset::ResetRequest;

use crate::error::unavailable;
use crate::resets::insert_requests;
use crate::spans;
use crate::store::SeaStore;

/// The most that are written at once: each number of them is a statement of its own to prepare.
const MOST: usize = 64;
/// The most that wait; a database that keeps so many waiting is overloaded.
const MOST_WAITING: usize = 4096;

/// Those who wait.
#[derive(Default)]
pub(crate) struct Requests(Mutex<Line>);

#[derive(Default)]
struct Line {
    waiting: Vec<Waiting>,
    is_written: bool,
}

struct Waiting {
    request: ResetRequest,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

/// Who writes what waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writer {
    AtWork,
    ToBeStarted,
    Overwhelmed,
}

impl Requests {
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stand_in_line(&self, waiting: Waiting) -> Writer {
        let mut line = self.lock();
        if line.waiting.len() >= MOST_WAITING {
            return Writer::Overwhelmed;
        }
        line.waiting.push(waiting);
        if std::mem::replace(&mut line.is_written, true) {
            Writer::AtWork
        } else {
            Writer::ToBeStarted
        }
    }

    /// Tells everybody who waits that it cannot be done.
    fn refuse(&self, reason: &str) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        for waiting in waiting {
            // Whoever has gone since needs no answer.
            let _ = waiting.answer.send(Err(unavailable(reason.to_owned())));
        }
    }

    /// The next that are to be written; none ends the writing.
    fn next(&self) -> Vec<Waiting> {
        let mut line = self.lock();
        let count = line.waiting.len().min(MOST);
        let next: Vec<Waiting> = line.waiting.drain(..count).collect();
        line.is_written = !next.is_empty();
        next
    }
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

impl SeaStore {
    /// Writes a request with whatever else waits, and answers when it is durable. Once begun, it is
    /// finished even if the caller stops waiting.
    pub(crate) async fn write_request(&self, request: &ResetRequest) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { request: request.clone(), answer };
        match self.requests.stand_in_line(waiting) {
            Writer::AtWork => {}
            Writer::ToBeStarted => {
                let store = self.clone();
                #[expect(clippy::disallowed_methods, reason = "ends when nobody waits any more")]
                tokio::spawn(async move { store.write_requests().await });
            }
            Writer::Overwhelmed => return Err(unavailable("too many requests wait")),
        }
        let written = answered.instrument(spans::write_together(self.is_on_server()));
        written.await.unwrap_or_else(|stopped| Err(unavailable(stopped)))
    }

    async fn write_requests(&self) {
        let mut end = End { requests: &self.requests, in_order: false };
        loop {
            let next = self.requests.next();
            if next.is_empty() {
                end.in_order = true;
                return;
            }
            let (requests, answers): (Vec<_>, Vec<_>) =
                next.into_iter().map(|waiting| (waiting.request, waiting.answer)).unzip();
            let outcomes = match self.write_together(&requests).await {
                Ok(()) => requests.iter().map(|_| Ok(())).collect(),
                Err(StoreError::Unavailable(error)) => {
                    let reason = chain(&*error);
                    // Whoever came meanwhile has waited as long already, and would for nothing.
                    self.requests.refuse(&reason);
                    requests.iter().map(|_| Err(unavailable(reason.clone()))).collect()
                }
                Err(error) if requests.len() == 1 => vec![Err(error)],
                // One of them may be at fault for all.
                Err(StoreError::Corrupt(_)) => self.write_each(&requests).await,
            };
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // Whoever has gone since needs no answer.
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

/// Lets others write, and tells those who still wait that nobody does, should the writing end in
/// their midst.
struct End<'a> {
    requests: &'a Requests,
    in_order: bool,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        if !self.in_order {
            let mut line = self.requests.lock();
            line.is_written = false;
            line.waiting.clear();
        }
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
    use crate::postgres::ANSWER;

    /// Those who wait for others have waited as long as they.
    #[tokio::test]
    async fn while_the_database_is_away_nobody_waits_longer_than_for_one_answer() {
        // Nobody listens there.
        let url = "postgres://nobody@127.0.0.1:1/nothing".to_owned();
        let settings = Settings { url, max_connections: 2, recall: Duration::ZERO };
        let store = SeaStore::open(&settings).await.unwrap();
        let (begun, mut requests) = (Instant::now(), JoinSet::new());
        let one_is_alone = || {
            let line = store.requests.lock();
            line.is_written && line.waiting.is_empty()
        };
        for _ in 0..3 * MOST {
            let (store, request) = (store.clone(), given::request("anna", given::noon()));
            requests.spawn(async move { store.write_request(&request).await });
            // The others come while the first is written.
            while requests.len() == 1 && !one_is_alone() {
                tokio::task::yield_now().await;
            }
        }
        let outcomes = requests.join_all().await;
        assert!(outcomes.iter().all(|o| matches!(o, Err(StoreError::Unavailable(_)))));
        assert!(begun.elapsed() < ANSWER + ANSWER / 4, "{:?}", begun.elapsed());
        assert!(!store.requests.lock().is_written);
    }

    #[test]
    fn a_database_that_does_not_keep_up_is_not_waited_for_by_ever_more() {
        let requests = Requests::default();
        let stand = || {
            let (answer, _) = oneshot::channel();
            requests.stand_in_line(Waiting { request: given::request("a", given::noon()), answer })
        };
        assert!(stand() == Writer::ToBeStarted);
        assert!((1..MOST_WAITING).all(|_| stand() == Writer::AtWork));
        assert!(stand() == Writer::Overwhelmed);
    }
}
