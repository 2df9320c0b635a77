//! How many hashes run at once, and how many wait for how long.
//!
//! A permit belongs to the work and not to the caller: a caller that goes away while its hash runs
//! cannot stop the hash, so it must not make room for another one either.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vestibule_domain::ports::HashError;

/// Whoever has waited this long is better off with an answer.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(1);
/// More than this could not be served within [`MAX_WAIT`] anyway.
pub(crate) const MAX_WAITING: usize = 1024;

/// Bounds the hashes that run, and those that wait.
pub(crate) struct Gate {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    gauges: Arc<Gauges>,
}

/// How many hashes run, and how many ever ran at once.
#[derive(Default)]
struct Gauges {
    running: AtomicUsize,
    peak: AtomicUsize,
}

impl Gate {
    pub(crate) fn new(max_parallel: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(max_parallel)),
            waiting: AtomicUsize::new(0),
            gauges: Arc::default(),
        }
    }

    /// How many hashes are being computed.
    pub(crate) fn in_flight(&self) -> usize {
        self.gauges.running.load(Ordering::Acquire)
    }

    /// How many were ever computed at once.
    pub(crate) fn peak_in_flight(&self) -> usize {
        self.gauges.peak.load(Ordering::Acquire)
    }

    /// Waits for a turn, then runs `work` on a thread that may block.
    ///
    /// A caller that goes away while it waits leaves the queue. Once the work has begun it runs to
    /// its end and keeps its permit until then.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let permit = self.permit().await?;
        let gauges = Arc::clone(&self.gauges);
        let task = tokio::task::spawn_blocking(move || {
            // The permit goes last, after the gauge, whatever the work does.
            let _permit = permit;
            let _running = Running::enter(gauges);
            work()
        });
        task.await.map_err(|error| HashError::Failed(Box::new(error)))
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, HashError> {
        // Nobody is overtaken: while somebody waits, a freed permit goes to them.
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = Place::take(&self.waiting).ok_or(HashError::Busy)?;
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(MAX_WAIT, permit).await.map_err(|_| HashError::Busy)?;
        // The semaphore is never closed.
        permit.map_err(|error| HashError::Failed(Box::new(error)))
    }
}

/// A place in the queue, given back however the waiting ends.
struct Place<'gate>(&'gate AtomicUsize);

impl<'gate> Place<'gate> {
    fn take(waiting: &'gate AtomicUsize) -> Option<Self> {
        // From here on dropping gives it back, also if it was one too many.
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::AcqRel) < MAX_WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A hash that is being computed.
struct Running(Arc<Gauges>);

impl Running {
    fn enter(gauges: Arc<Gauges>) -> Self {
        let running = gauges.running.fetch_add(1, Ordering::AcqRel) + 1;
        gauges.peak.fetch_max(running, Ordering::AcqRel);
        Self(gauges)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    /// Work that says when it begins and ends when it is told to.
    fn held_work() -> (impl FnOnce() + Send + 'static, mpsc::Receiver<()>, mpsc::Sender<()>) {
        let (begun, has_begun) = mpsc::channel();
        let (end, may_end) = mpsc::channel();
        let work = move || {
            begun.send(()).unwrap();
            // An error means that the test is over.
            let _ = may_end.recv();
        };
        (work, has_begun, end)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_permit_outlives_the_caller_that_went_away() {
        let gate = Arc::new(Gate::new(1));
        let (work, has_begun, end) = held_work();
        let mut callers = JoinSet::new();
        let shared = Arc::clone(&gate);
        callers.spawn(async move { shared.run(work).await });
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();

        callers.abort_all();
        assert!(callers.join_next().await.unwrap().unwrap_err().is_cancelled());
        assert_eq!(gate.in_flight(), 1);
        assert_eq!(gate.permits.available_permits(), 0, "the caller took its permit along");

        end.send(()).unwrap();
        gate.run(|| ()).await.unwrap();
        assert_eq!(gate.peak_in_flight(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_too_long_is_told_so() {
        let gate = Gate::new(1);
        let permit = Arc::clone(&gate.permits).try_acquire_owned().unwrap();
        let start = tokio::time::Instant::now();
        assert!(matches!(gate.permit().await, Err(HashError::Busy)));
        assert_eq!(start.elapsed(), MAX_WAIT);
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
        drop(permit);
        assert!(gate.permit().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_is_busy_at_once() {
        let gate = Arc::new(Gate::new(1));
        let permit = Arc::clone(&gate.permits).try_acquire_owned().unwrap();
        let mut queue = JoinSet::new();
        for _ in 0..MAX_WAITING {
            let gate = Arc::clone(&gate);
            queue.spawn(async move { gate.permit().await.map(drop) });
        }
        while gate.waiting.load(Ordering::Relaxed) < MAX_WAITING {
            yield_now().await;
        }
        let start = tokio::time::Instant::now();
        assert!(matches!(gate.permit().await, Err(HashError::Busy)));
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(gate.waiting.load(Ordering::Relaxed), MAX_WAITING);

        // The ones in the queue are served all the same.
        drop(permit);
        assert!(queue.join_all().await.into_iter().all(|waited| waited.is_ok()));
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn whoever_goes_away_while_waiting_never_runs() {
        let gate = Arc::new(Gate::new(1));
        let permit = Arc::clone(&gate.permits).try_acquire_owned().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let mut callers = JoinSet::new();
        for _ in 0..10 {
            let (gate, ran) = (Arc::clone(&gate), Arc::clone(&ran));
            callers.spawn(async move {
                gate.run(move || ran.fetch_add(1, Ordering::Relaxed)).await.map(drop)
            });
        }
        while gate.waiting.load(Ordering::Relaxed) < 10 {
            yield_now().await;
        }
        callers.shutdown().await;
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
        drop(permit);
        gate.run(|| ()).await.unwrap();
        assert_eq!(ran.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_permit_back() {
        let gate = Gate::new(1);
        let outcome = gate.run(|| assert_eq!(1, 2, "on purpose")).await;
        assert!(matches!(outcome, Err(HashError::Failed(_))));
        assert_eq!(gate.in_flight(), 0);
        gate.run(|| ()).await.unwrap();
    }
}
