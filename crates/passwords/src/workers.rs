//! The threads that hash, and who waits for them for how long.
//!
//! Hashing is the only work of this service that keeps a core busy for milliseconds. It is done by
//! threads of its own, as many as hashes may run at once, and at a low priority: whatever else there
//! is to do goes first. What waits is bounded in number and in time, and belongs to its
//! caller until it begins: a caller that goes away takes it along. A hash that has begun runs to its
//! end and keeps its thread until then (decision D13).

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::{Instrument as _, info_span};
use vestibule_domain::ports::HashError;

use crate::engine::{Engine, EngineKind};

/// Whoever has waited this long is better off with an answer.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(1);
/// More than this could not be served within [`MAX_WAIT`] anyway.
pub(crate) const MAX_WAITING: usize = 1024;
/// A thread without work for so long gives its memory back.
const IDLE: Duration = Duration::from_secs(10);

type Work = Box<dyn FnOnce(&mut Engine) + Send>;

/// The threads. They end when this is dropped.
pub(crate) struct Workers {
    queue: Arc<Queue>,
    gauges: Arc<Gauges>,
}

/// What waits.
#[derive(Default)]
struct Queue {
    line: Mutex<Line>,
    changed: Condvar,
}

#[derive(Default)]
struct Line {
    tickets: VecDeque<Arc<Ticket>>,
    /// Those among them that nobody has withdrawn.
    waiting: usize,
    is_closed: bool,
}

/// Work that has not begun; empty once it has, or was withdrawn.
struct Ticket(Mutex<Option<Work>>);

/// How many hashes run, and how many ever ran at once.
#[derive(Default)]
struct Gauges {
    running: AtomicUsize,
    peak: AtomicUsize,
}

impl Workers {
    /// Starts `threads` threads that compute with that kind of engine, and keep `blocks` blocks of
    /// a KiB each between two hashes.
    ///
    /// # Errors
    ///
    /// When the system refuses another thread.
    pub(crate) fn start(kind: EngineKind, threads: usize, blocks: usize) -> std::io::Result<Self> {
        // Made first: dropped on the way out, it ends the threads that were started.
        let workers = Self { queue: Arc::default(), gauges: Arc::default() };
        for number in 0..threads {
            let queue = workers.queue.clone();
            std::thread::Builder::new().name(format!("hashing-{number}")).spawn(move || {
                give_way();
                labour(&queue, kind, blocks);
            })?;
        }
        Ok(workers)
    }

    /// How many wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.lock().waiting
    }

    /// How many hashes are being computed.
    pub(crate) fn in_flight(&self) -> usize {
        self.gauges.running.load(Ordering::Acquire)
    }

    /// How many were ever computed at once.
    pub(crate) fn peak_in_flight(&self) -> usize {
        self.gauges.peak.load(Ordering::Acquire)
    }

    /// Waits for a turn, then has `work` done.
    ///
    /// # Errors
    ///
    /// `Busy` when too many wait, or when the turn does not come within [`MAX_WAIT`]; `Failed` when
    /// the work panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        // For traces: how long it took, and how much of that was waiting.
        let hashing = info_span!(target: "traces", "hash");
        let waiting = info_span!(target: "traces", parent: &hashing, "wait for a thread");
        let work = move |engine: &mut Engine| {
            drop(waiting);
            work(engine)
        };
        self.in_turn(work).instrument(hashing).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let (answer, mut answered) = oneshot::channel();
        let gauges = self.gauges.clone();
        let work = Box::new(move |engine: &mut Engine| {
            let running = Running::enter(&gauges);
            let outcome = work(engine);
            drop(running);
            // Whoever has gone since needs no answer.
            let _ = answer.send(outcome);
        });
        let claim = self.queue.stand_in_line(work).ok_or(HashError::Busy)?;
        let outcome = tokio::select! {
            outcome = &mut answered => outcome,
            () = tokio::time::sleep(MAX_WAIT) => {
                if claim.withdraw() {
                    return Err(HashError::Busy);
                }
                answered.await
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

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` when too many wait already.
    fn stand_in_line(&self, work: Work) -> Option<Claim<'_>> {
        let mut line = self.lock();
        if line.waiting >= MAX_WAITING {
            return None;
        }
        // While long hashes run, many may come and go.
        if line.tickets.len() >= 2 * MAX_WAITING {
            line.tickets.retain(|ticket| !ticket.is_empty());
        }
        let ticket = Arc::new(Ticket(Mutex::new(Some(work))));
        line.tickets.push_back(ticket.clone());
        line.waiting += 1;
        drop(line);
        self.changed.notify_one();
        Some(Claim { queue: self, ticket })
    }

    /// The next work, waited for up to `patience`; `None` if none came. An error when there will be
    /// none any more.
    fn next(&self, patience: Duration) -> Result<Option<Work>, Closed> {
        let mut line = self.lock();
        loop {
            if line.is_closed {
                return Err(Closed);
            }
            while let Some(ticket) = line.tickets.pop_front() {
                if let Some(work) = ticket.take() {
                    line.waiting -= 1;
                    return Ok(Some(work));
                }
            }
            let waited = self.changed.wait_timeout(line, patience);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() && woken.tickets.is_empty() {
                return Ok(None);
            }
            line = woken;
        }
    }
}

/// There is no more work.
struct Closed;

impl Ticket {
    fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn take(&self) -> Option<Work> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A place in the line. Dropping it withdraws what has not begun.
struct Claim<'a> {
    queue: &'a Queue,
    ticket: Arc<Ticket>,
}

impl Claim<'_> {
    /// Whether the work had not begun, and never will. The password in it is gone at once, the
    /// empty ticket when its turn comes.
    fn withdraw(&self) -> bool {
        // Under the lock of the line, so that no more are counted than could begin.
        let mut line = self.queue.lock();
        let withdrawn = self.ticket.take().is_some();
        if withdrawn {
            line.waiting -= 1;
        }
        withdrawn
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.withdraw();
    }
}

/// What a thread does until there is no more work.
fn labour(queue: &Queue, kind: EngineKind, blocks: usize) {
    let mut engine = Engine::new(kind);
    while let Ok(next) = queue.next(IDLE) {
        let Some(work) = next else {
            engine.keep_at_most(0);
            continue;
        };
        match catch_unwind(AssertUnwindSafe(|| work(&mut engine))) {
            Ok(()) => engine.keep_at_most(blocks),
            // Who knows what it has left behind.
            Err(_) => engine = Engine::new(kind),
        }
    }
}

/// How much more a hash gives way than the rest of the process (`nice`): a tenth of a core is left
/// to it when there is no end of other work. At 19, the most, that would be about a hundredth, and
/// whoever keeps the service busy with anything could slow sign-ins to nearly nothing.
#[cfg(target_os = "linux")]
const NICER_BY: i32 = 10;

/// Lets everything else go first. Linux has priorities of threads; elsewhere all are alike.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let this = rustix::thread::gettid();
        // Everybody may lower their own; if a sandbox forbids it, hashing works all the same.
        let _ = getpriority_process(Some(this))
            .and_then(|inherited| setpriority_process(Some(this), inherited + NICER_BY));
    }
}

/// A hash that is being computed.
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
