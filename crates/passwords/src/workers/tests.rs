//! Tests of concurrency, waiting and cancellation.

use std::sync::mpsc;

use tokio::task::{JoinSet, yield_now};

use super::*;

fn workers(threads: usize) -> Arc<Workers> {
    Arc::new(Workers::start(EngineKind::Portable, threads, 8).unwrap())
}

/// Returns work that signals its start and runs until it is released.
fn blocking_work()
-> (impl FnOnce(&mut Engine) + Send + 'static, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (begun, has_begun) = mpsc::channel();
    let (end, may_end) = mpsc::channel();
    let work = move |_: &mut Engine| {
        begun.send(()).unwrap();
        // An error means that the test has ended.
        let _ = may_end.recv();
    };
    (work, has_begun, end)
}

/// Keeps the only thread busy until the sender is used or dropped.
async fn occupy(workers: &Arc<Workers>, callers: &mut JoinSet<()>) -> mpsc::Sender<()> {
    let (work, has_begun, end) = blocking_work();
    let busy = workers.clone();
    callers.spawn(async move { busy.run(work).await.unwrap_or_default() });
    // The job must be queued before the test can block on the thread.
    while workers.in_flight() == 0 {
        yield_now().await;
    }
    has_begun.recv().unwrap();
    end
}

fn waiting(workers: &Workers) -> usize {
    workers.queue.lock().waiting
}

#[tokio::test]
async fn a_thread_stays_occupied_when_its_caller_is_dropped() {
    let (workers, mut callers) = (workers(1), JoinSet::new());
    let end = occupy(&workers, &mut callers).await;
    callers.shutdown().await;
    assert_eq!((workers.in_flight(), waiting(&workers)), (1, 0));

    let next = workers.run(|_| ());
    end.send(()).unwrap();
    next.await.unwrap();
    assert_eq!(workers.peak_in_flight(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_too_long_is_busy_and_never_runs() {
    let (workers, mut callers) = (workers(1), JoinSet::new());
    let end = occupy(&workers, &mut callers).await;
    let ran = Arc::new(AtomicUsize::new(0));
    let counter = ran.clone();
    let start = tokio::time::Instant::now();
    let outcome = workers.run(move |_| counter.fetch_add(1, Ordering::Relaxed)).await;
    assert!(matches!(outcome, Err(HashError::Busy)));
    assert!(start.elapsed().abs_diff(MAX_WAIT) < Duration::from_millis(10));
    assert_eq!(waiting(&workers), 0);
    // The thread does not follow the paused clock of the runtime.
    tokio::time::resume();
    end.send(()).unwrap();
    workers.run(|_| ()).await.unwrap();
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn started_work_is_awaited_without_a_timeout() {
    let workers = workers(1);
    let (work, has_begun, end) = blocking_work();
    let start = tokio::time::Instant::now();
    let ending = async {
        while workers.in_flight() == 0 {
            yield_now().await;
        }
        has_begun.recv().unwrap();
        tokio::time::sleep(3 * MAX_WAIT).await;
        end.send(()).unwrap();
    };
    let (outcome, ()) = tokio::join!(workers.run(work), ending);
    outcome.unwrap();
    assert!(start.elapsed() >= 3 * MAX_WAIT);
}

#[tokio::test]
async fn a_full_queue_is_busy_immediately_and_still_processed() {
    let (workers, mut callers) = (workers(1), JoinSet::new());
    let end = occupy(&workers, &mut callers).await;
    let mut queue = JoinSet::new();
    for _ in 0..MAX_WAITING {
        let workers = workers.clone();
        queue.spawn(async move { workers.run(|_| ()).await });
    }
    while waiting(&workers) < MAX_WAITING {
        yield_now().await;
    }
    assert!(matches!(workers.run(|_| ()).await, Err(HashError::Busy)));
    assert_eq!(waiting(&workers), MAX_WAITING);

    end.send(()).unwrap();
    assert!(queue.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(waiting(&workers), 0);
}

#[tokio::test]
async fn cancelled_jobs_never_run_and_free_their_memory() {
    let (workers, mut callers) = (workers(1), JoinSet::new());
    let end = occupy(&workers, &mut callers).await;
    let ran = Arc::new(AtomicUsize::new(0));
    // More than the queue can hold.
    for _ in 0..3 {
        let mut queue = JoinSet::new();
        for _ in 0..MAX_WAITING {
            let (workers, ran) = (workers.clone(), ran.clone());
            queue.spawn(async move {
                workers.run(move |_| ran.fetch_add(1, Ordering::Relaxed)).await.map(drop)
            });
        }
        while waiting(&workers) < MAX_WAITING {
            yield_now().await;
        }
        queue.shutdown().await;
        assert_eq!(waiting(&workers), 0);
    }
    // The closures are dropped immediately, not when the thread reaches them.
    assert!(Arc::strong_count(&ran) == 1, "a password would still be in memory");
    assert!(workers.queue.lock().jobs.len() <= 2 * MAX_WAITING);
    end.send(()).unwrap();
    workers.run(|_| ()).await.unwrap();
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_panic_does_not_end_a_thread() {
    let workers = workers(1);
    for _ in 0..3 {
        let outcome = workers.run(|_| assert_eq!(1, 2, "on purpose")).await;
        assert!(matches!(outcome, Err(HashError::Failed(_))));
    }
    assert_eq!(workers.in_flight(), 0);
    workers.run(|_| ()).await.unwrap();
}

#[tokio::test]
async fn the_threads_end_with_the_hasher() {
    let workers = workers(2);
    let queue = Arc::downgrade(&workers.queue);
    workers.run(|_| ()).await.unwrap();
    drop(workers);
    let ended = async {
        while queue.strong_count() > 0 {
            yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_threads_have_a_lower_priority() {
    let priority = || {
        let this = rustix::thread::gettid();
        rustix::process::getpriority_process(Some(this)).unwrap()
    };
    let others = priority();
    assert_eq!(workers(1).run(move |_| priority()).await.unwrap(), others + NICE_INCREMENT);
    assert_eq!(priority(), others, "only the hashing threads");
}
