//! The hashing threads and their bounded job queue.
//!
//! Hashing is the only work of this service that keeps a core busy for milliseconds. It runs on
//! dedicated threads, one per concurrent hash, with a low priority so that all other work goes
//! first. The queue is bounded in length and waiting time. A job is cancelled if its caller is
//! dropped before it starts; a started job runs to completion and occupies its thread until then
//! (decision 0014).

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::{Instrument as _, info_span};
use vestibule_domain::ports::HashError;

use crate::engine::{Engine, EngineKind};

/// Maximum time a caller waits for a thread before it gets `Busy`.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(1);
/// Maximum length of the queue; more jobs could not be started within [`MAX_WAIT`] anyway.
pub(crate) const MAX_WAITING: usize = 1024;
/// Time without work after which a thread releases its memory.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

type Work = Box<dyn FnOnce(&mut Engine) + Send>;

/// The hashing threads. They end when this is dropped.
pub(crate) struct Workers {
    queue: Arc<SharedQueue>,
    gauges: Arc<Gauges>,
}

/// The queue, shared between callers and threads.
#[derive(Default)]
struct SharedQueue {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Arc<Job>>,
    /// Number of jobs that are not cancelled.
    waiting: usize,
    is_closed: bool,
}

/// A queued job; empty once it was started or cancelled.
struct Job(Mutex<Option<Work>>);

/// Current and maximum number of concurrent hashes.
#[derive(Default)]
struct Gauges {
    running: AtomicUsize,
    peak: AtomicUsize,
}

impl Workers {
    /// Starts `threads` threads with an engine of this kind. Each keeps up to `blocks` blocks of
    /// 1 KiB between two hashes.
    ///
    /// # Errors
    ///
    /// If a thread cannot be started.
    pub(crate) fn start(kind: EngineKind, threads: usize, blocks: usize) -> std::io::Result<Self> {
        // Created first, so that an early return drops it and ends the threads.
        let workers = Self { queue: Arc::default(), gauges: Arc::default() };
        for number in 0..threads {
            let queue = workers.queue.clone();
            std::thread::Builder::new().name(format!("hashing-{number}")).spawn(move || {
                lower_priority();
                run_jobs(&queue, kind, blocks);
            })?;
        }
        Ok(workers)
    }

    /// Returns the number of waiting jobs.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.lock().waiting
    }

    /// Returns the number of hashes that are being computed.
    pub(crate) fn in_flight(&self) -> usize {
        self.gauges.running.load(Ordering::Acquire)
    }

    /// Returns the maximum number of concurrent hashes since the start.
    pub(crate) fn peak_in_flight(&self) -> usize {
        self.gauges.peak.load(Ordering::Acquire)
    }

    /// Runs `work` on one of the threads.
    ///
    /// # Errors
    ///
    /// `Busy` if the queue is full or the work was not started within [`MAX_WAIT`]; `Failed` if
    /// the work panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        // Spans for traces: the total duration, and the time in the queue.
        let hashing = info_span!(target: "traces", "hash");
        let waiting = info_span!(target: "traces", parent: &hashing, "wait for a thread");
        let work = move |engine: &mut Engine| {
            drop(waiting);
            work(engine)
        };
        self.queue_and_run(work).instrument(hashing).await
    }

    async fn queue_and_run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let (sender, mut receiver) = oneshot::channel();
        let gauges = self.gauges.clone();
        let work = Box::new(move |engine: &mut Engine| {
            let running = Running::enter(&gauges);
            let outcome = work(engine);
            drop(running);
            // An error means that the caller was dropped.
            let _ = sender.send(outcome);
        });
        let job = self.queue.enqueue(work).ok_or(HashError::Busy)?;
        let outcome = tokio::select! {
            outcome = &mut receiver => outcome,
            () = tokio::time::sleep(MAX_WAIT) => {
                if job.cancel() {
                    return Err(HashError::Busy);
                }
                receiver.await
            }
        };
        outcome.map_err(|panicked| HashError::Failed(Box::new(panicked)))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_all();
    }
}

impl SharedQueue {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job; returns `None` if the queue is full.
    fn enqueue(&self, work: Work) -> Option<JobGuard<'_>> {
        let mut queue = self.lock();
        if queue.waiting >= MAX_WAITING {
            return None;
        }
        // Cancelled jobs accumulate while all threads are busy.
        if queue.jobs.len() >= 2 * MAX_WAITING {
            queue.jobs.retain(|job| !job.is_empty());
        }
        let job = Arc::new(Job(Mutex::new(Some(work))));
        queue.jobs.push_back(job.clone());
        queue.waiting += 1;
        drop(queue);
        self.changed.notify_one();
        Some(JobGuard { queue: self, job })
    }

    /// Waits up to `timeout` for a job; returns `None` after the timeout.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the queue was closed.
    fn dequeue(&self, timeout: Duration) -> Result<Option<Work>, Closed> {
        let mut queue = self.lock();
        loop {
            if queue.is_closed {
                return Err(Closed);
            }
            while let Some(job) = queue.jobs.pop_front() {
                if let Some(work) = job.take() {
                    queue.waiting -= 1;
                    return Ok(Some(work));
                }
            }
            let waited = self.changed.wait_timeout(queue, timeout);
            let (woken, result) = waited.unwrap_or_else(PoisonError::into_inner);
            if result.timed_out() && woken.jobs.is_empty() {
                return Ok(None);
            }
            queue = woken;
        }
    }
}

/// The queue was closed.
struct Closed;

impl Job {
    fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn take(&self) -> Option<Work> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A queued job of a caller. Dropping it cancels a job that was not started.
struct JobGuard<'a> {
    queue: &'a SharedQueue,
    job: Arc<Job>,
}

impl JobGuard<'_> {
    /// Cancels the job; returns `true` if it was not started. Drops the password in it immediately;
    /// the empty job stays in the queue until it is dequeued.
    fn cancel(&self) -> bool {
        // The lock keeps `waiting` consistent with the jobs that can be started.
        let mut queue = self.queue.lock();
        let cancelled = self.job.take().is_some();
        if cancelled {
            queue.waiting -= 1;
        }
        cancelled
    }
}

impl Drop for JobGuard<'_> {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Runs jobs until the queue is closed; the main function of a thread.
fn run_jobs(queue: &SharedQueue, kind: EngineKind, blocks: usize) {
    let mut engine = Engine::new(kind);
    while let Ok(job) = queue.dequeue(IDLE_TIMEOUT) {
        let Some(work) = job else {
            engine.release_above(0);
            continue;
        };
        match catch_unwind(AssertUnwindSafe(|| work(&mut engine))) {
            Ok(()) => engine.release_above(blocks),
            // The engine may be in an inconsistent state after a panic.
            Err(_) => engine = Engine::new(kind),
        }
    }
}

/// Increment of the `nice` value of hashing threads. With 10 they get about a tenth of a core under
/// full load. With the maximum of 19 it would be about a hundredth, and an attacker who keeps the
/// service busy could almost stop sign-ins.
#[cfg(target_os = "linux")]
const NICE_INCREMENT: i32 = 10;

/// Lowers the priority of the current thread. Only Linux has priorities of threads.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let this = rustix::thread::gettid();
        // Lowering needs no privileges; if a sandbox forbids it, hashing works anyway.
        let _ = getpriority_process(Some(this))
            .and_then(|inherited| setpriority_process(Some(this), inherited + NICE_INCREMENT));
    }
}

/// Guard that counts a running hash.
struct Running<'a>(&'a Gauges);

impl<'a> Running<'a> {
    fn enter(gauges: &'a Gauges) -> Self {
        let running = gauges.running.fetch_add(1, Ordering::AcqRel) + 1;
        gauges.peak.fetch_max(running, Ordering::AcqRel);
        Self(gauges)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
