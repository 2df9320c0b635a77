//! How many hash at once, who waits, and what becomes of what nobody waits for any more.

use std::sync::mpsc;

use tokio::task::{JoinSet, yield_now};

use super::*;

fn workers(threads: usize) -> Arc<Workers> {
    Arc::new(Workers::start(EngineKind::Portable, threads, 8).unwrap())
}

/// Work that says when it begins and ends when it is told to.
fn held_work() -> (impl FnOnce(&mut Engine) + Send + 'static, mpsc::Receiver<()>, mpsc::Sender<()>)
{
    let (begun, has_begun) = mpsc::channel();
    let (end, may_end) = mpsc::channel();
    let work = move |_: &mut Engine| {
        begun.send(()).unwrap();
        // An error means that the test is over.
        let _ = may_end.recv();
    };
    (work, has_begun, end)
}

/// Keeps the only thread busy until the sender is dropped or told.
async fn occupy(workers: &Arc<Workers>, callers: &mut JoinSet<()>) -> mpsc::Sender<()> {
    let (work, has_begun, end) = held_work();
    let busy = workers.clone();
    callers.spawn(async move { busy.run(work).await.unwrap_or_default() });
    // The caller has to stand in line before the thread can be waited for.
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
async fn a_thread_stays_taken_when_its_caller_goes_away() {
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
async fn whoever_waits_too_long_is_told_so_and_never_runs() {
    let (workers, mut callers) = (workers(1), JoinSet::new());
    let end = occupy(&workers, &mut callers).await;
    let ran = Arc::new(AtomicUsize::new(0));
    let counter = ran.clone();
    let start = tokio::time::Instant::now();
    let outcome = workers.run(move |_| counter.fetch_add(1, Ordering::Relaxed)).await;
    assert!(matches!(outcome, Err(HashError::Busy)));
    assert!(start.elapsed().abs_diff(MAX_WAIT) < Duration::from_millis(10));
    assert_eq!(waiting(&workers), 0);
    // From here on the thread is waited for, and no clock of the runtime's moves it.
    tokio::time::resume();
    end.send(()).unwrap();
    workers.run(|_| ()).await.unwrap();
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn work_that_has_begun_is_waited_for() {
    let workers = workers(1);
    let (work, has_begun, end) = held_work();
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
async fn a_full_line_is_busy_at_once_and_served_all_the_same() {
    let (workers, mut callers) = (workers(1), JoinSet::new());
    let end = occupy(&workers, &mut callers).await;
    let mut line = JoinSet::new();
    for _ in 0..MAX_WAITING {
        let workers = workers.clone();
        line.spawn(async move { workers.run(|_| ()).await });
    }
    while waiting(&workers) < MAX_WAITING {
        yield_now().await;
    }
    assert!(matches!(workers.run(|_| ()).await, Err(HashError::Busy)));
    assert_eq!(waiting(&workers), MAX_WAITING);

    end.send(()).unwrap();
    assert!(line.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(waiting(&workers), 0);
}

#[tokio::test]
async fn whoever_goes_away_while_waiting_never_runs_and_leaves_nothing_behind() {
    let (workers, mut callers) = (workers(1), JoinSet::new());
    let end = occupy(&workers, &mut callers).await;
    let ran = Arc::new(AtomicUsize::new(0));
    // Rather more than may wait at once.
    for _ in 0..3 {
        let mut line = JoinSet::new();
        for _ in 0..MAX_WAITING {
            let (workers, ran) = (workers.clone(), ran.clone());
            line.spawn(async move {
                workers.run(move |_| ran.fetch_add(1, Ordering::Relaxed)).await.map(drop)
            });
        }
        while waiting(&workers) < MAX_WAITING {
            yield_now().await;
        }
        line.shutdown().await;
        assert_eq!(waiting(&workers), 0);
    }
    // What they knew is gone with them, not when the thread gets there.
    assert!(Arc::strong_count(&ran) == 1, "a password would still be there");
    assert!(workers.queue.lock().tickets.len() <= 2 * MAX_WAITING);
    end.send(()).unwrap();
    workers.run(|_| ()).await.unwrap();
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn work_that_panics_costs_no_thread() {
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
async fn hashing_gives_way_to_everything_else() {
    let priority = || {
        let this = rustix::thread::gettid();
        rustix::process::getpriority_process(Some(this)).unwrap()
    };
    let others = priority();
    assert_eq!(workers(1).run(move |_| priority()).await.unwrap(), others + NICER_BY);
    assert_eq!(priority(), others, "only the threads that hash");
}
