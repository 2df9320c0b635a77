//! What holds while the shared limits are away, with a store that does what the test says, in a time
//! that passes by itself.
#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

#[path = "fixtures/attempts.rs"]
mod attempts;
#[path = "fixtures/store.rs"]
mod store;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use vestibule_domain::ports::{Decision, RateLimiter as _};

use attempts::{a_minute, fresh_key};
use store::{Mood, Store, admitted, node, pass, until_shared};

#[tokio::test(start_paused = true)]
async fn nodes_share_what_the_store_counts() {
    let store = Store::new(Mood::Works);
    let (one, other) = (node(&store, 3).await, node(&store, 3).await);
    let key = fresh_key();
    assert_eq!(admitted(&one, &key, 3, a_minute(5)).await, 3);
    assert_eq!(admitted(&other, &key, 10, a_minute(5)).await, 2);
    assert_eq!(admitted(&one, &key, 10, a_minute(5)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn without_the_store_a_node_has_its_share_and_at_least_one() {
    for (attempts, nodes, share) in [(5, 3, 1), (3, 3, 1), (20, 3, 6), (5, 1, 5), (5, 7, 1)] {
        let node = node(&Store::new(Mood::Fails), nodes).await;
        assert!(!node.is_shared());
        let count = admitted(&node, &fresh_key(), 50, a_minute(attempts)).await;
        assert_eq!(count, share, "{attempts} on {nodes} nodes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_holds_nobody_up_but_the_first() {
    let store = Store::new(Mood::Works);
    let node = Arc::new(node(&store, 3).await);
    store.mood.send_replace(Mood::Hangs);
    let (start, mut first) = (Instant::now(), JoinSet::new());
    for _ in 0..50 {
        let node = node.clone();
        first.spawn(async move { node.admit(&fresh_key(), a_minute(5)).await });
    }
    assert!(first.join_all().await.iter().all(|decision| *decision == Decision::Admitted));
    assert!(start.elapsed() <= Duration::from_millis(300), "{:?}", start.elapsed());

    let (start, asked) = (Instant::now(), store.asked.load(Ordering::SeqCst));
    assert_eq!(admitted(&node, &fresh_key(), 100, a_minute(5)).await, 1);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(store.asked.load(Ordering::SeqCst), asked, "the store is left alone");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_is_noticed_without_an_attempt() {
    for mood in [Mood::Hangs, Mood::Fails] {
        let store = Store::new(Mood::Works);
        let node = node(&store, 3).await;
        store.mood.send_replace(mood);
        assert!(until_shared(&node, false).await <= Duration::from_secs(3));
        assert_eq!(store.asked.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_back_is_used_within_ten_seconds() {
    for mood in [Mood::Hangs, Mood::Fails] {
        let store = Store::new(mood);
        let node = node(&store, 3).await;
        assert!(!node.is_shared());
        // Away for long: whoever looks must not have given up, nor look ever more rarely.
        pass(Duration::from_hours(1)).await;
        assert!(!node.is_shared());
        store.mood.send_replace(Mood::Works);
        assert!(until_shared(&node, true).await <= Duration::from_secs(10));
        assert_eq!(admitted(&node, &fresh_key(), 50, a_minute(5)).await, 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_goes_on_from_what_it_has_admitted() {
    let store = Store::new(Mood::Works);
    let node = node(&store, 3).await;
    let (used, fresh) = (fresh_key(), fresh_key());
    assert_eq!(admitted(&node, &used, 2, a_minute(6)).await, 2);
    store.mood.send_replace(Mood::Fails);
    assert_eq!(admitted(&node, &used, 10, a_minute(6)).await, 0, "its share of two is used up");
    assert_eq!(admitted(&node, &fresh, 10, a_minute(6)).await, 2);
    // And back: what it admitted by itself counts for what it may admit.
    store.mood.send_replace(Mood::Works);
    until_shared(&node, true).await;
    assert_eq!(admitted(&node, &fresh, 10, a_minute(6)).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_forgets_everything_leaves_each_node_a_limit() {
    let store = Store::new(Mood::Forgets);
    let node = node(&store, 3).await;
    let key = fresh_key();
    assert_eq!(admitted(&node, &key, 1000, a_minute(5)).await, 5);
    assert!(node.is_shared());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_only_pretends_leaves_the_share() {
    let store = Store::new(Mood::Pretends);
    let node = node(&store, 3).await;
    let key = fresh_key();
    let mut pace = tokio::time::interval(Duration::from_millis(7));
    let mut admitted = 0;
    for _ in 0..1000 {
        pace.tick().await;
        admitted += u32::from(node.admit(&key, a_minute(6)).await == Decision::Admitted);
    }
    assert_eq!(admitted, 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_store_rightly_admits_this_node_does_not_take_away() {
    let store = Store::new(Mood::Late);
    let node = node(&store, 3).await;
    let key = fresh_key();
    // The node notes this one a fifth of a second later than the store did.
    assert_eq!(node.admit(&key, a_minute(1)).await, Decision::Admitted);
    store.mood.send_replace(Mood::Works);
    let Decision::Refused { retry_after } = node.admit(&key, a_minute(1)).await else {
        panic!("a second one was admitted");
    };
    pass(retry_after).await;
    assert_eq!(node.admit(&key, a_minute(1)).await, Decision::Admitted);
}

/// In real time: a moment in which nothing else runs.
#[tokio::test]
async fn a_process_too_busy_to_listen_does_not_take_the_store_for_away() {
    let store = Store::new(Mood::Late);
    let node = node(&store, 3).await;
    let busy = async {
        tokio::task::yield_now().await;
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_millis(300) {
            std::hint::spin_loop();
        }
    };
    let key = fresh_key();
    let (decision, ()) = tokio::join!(node.admit(&key, a_minute(5)), busy);
    assert_eq!(decision, Decision::Admitted);
    assert!(node.is_shared());
}

#[tokio::test(start_paused = true)]
async fn a_late_failure_does_not_end_a_later_phase() {
    let store = Store::new(Mood::Works);
    let node = Arc::new(node(&store, 3).await);
    store.mood.send_replace(Mood::Hangs);
    let late = node.clone();
    let mut waiting = JoinSet::new();
    waiting.spawn(async move { late.admit(&fresh_key(), a_minute(5)).await });
    tokio::task::yield_now().await;
    // Somebody else finds out faster, and so does the next probe, that it works again.
    store.mood.send_replace(Mood::Fails);
    node.admit(&fresh_key(), a_minute(5)).await;
    assert!(!node.is_shared());
    store.mood.send_replace(Mood::Works);
    until_shared(&node, true).await;
    waiting.join_all().await;
    assert!(node.is_shared());
}

#[tokio::test(start_paused = true)]
async fn the_watch_ends_with_the_limiter() {
    let store = Store::new(Mood::Hangs);
    let node = node(&store, 3).await;
    assert!(Arc::strong_count(&store) > 1);
    drop(node);
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&store), 1);
}
