//! Tests of the fallback, with a simulated store and paused time.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

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
use store::{Behaviour, Store, admitted, node, pass, until_shared};

#[tokio::test(start_paused = true)]
async fn nodes_share_the_counts_of_the_store() {
    let store = Store::new(Behaviour::Works);
    let (one, other) = (node(&store, 3).await, node(&store, 3).await);
    let key = fresh_key();
    assert_eq!(admitted(&one, &key, 3, a_minute(5)).await, 3);
    assert_eq!(admitted(&other, &key, 10, a_minute(5)).await, 2);
    assert_eq!(admitted(&one, &key, 10, a_minute(5)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn without_the_store_a_node_admits_its_share_and_at_least_one() {
    for (attempts, nodes, share) in [(5, 3, 1), (3, 3, 1), (20, 3, 6), (5, 1, 5), (5, 7, 1)] {
        let node = node(&Store::new(Behaviour::Fails), nodes).await;
        assert!(!node.is_shared());
        let count = admitted(&node, &fresh_key(), 50, a_minute(attempts)).await;
        assert_eq!(count, share, "{attempts} on {nodes} nodes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_delays_only_the_first_attempts() {
    let store = Store::new(Behaviour::Works);
    let node = Arc::new(node(&store, 3).await);
    store.behaviour.send_replace(Behaviour::Hangs);
    let (start, mut first) = (Instant::now(), JoinSet::new());
    for _ in 0..50 {
        let node = node.clone();
        first.spawn(async move { node.admit(&fresh_key(), a_minute(5)).await });
    }
    assert!(first.join_all().await.iter().all(|decision| *decision == Decision::Admitted));
    assert!(start.elapsed() <= Duration::from_millis(300), "{:?}", start.elapsed());

    let (start, calls) = (Instant::now(), store.calls.load(Ordering::SeqCst));
    assert_eq!(admitted(&node, &fresh_key(), 100, a_minute(5)).await, 1);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(store.calls.load(Ordering::SeqCst), calls, "the store is not called");
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_store_is_detected_without_an_attempt() {
    for behaviour in [Behaviour::Hangs, Behaviour::Fails] {
        let store = Store::new(Behaviour::Works);
        let node = node(&store, 3).await;
        store.behaviour.send_replace(behaviour);
        assert!(until_shared(&node, false).await <= Duration::from_secs(3));
        assert_eq!(store.calls.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_restored_store_is_used_within_ten_seconds() {
    for behaviour in [Behaviour::Hangs, Behaviour::Fails] {
        let store = Store::new(behaviour);
        let node = node(&store, 3).await;
        assert!(!node.is_shared());
        // The probes must continue at the same interval after a long outage.
        pass(Duration::from_hours(1)).await;
        assert!(!node.is_shared());
        store.behaviour.send_replace(Behaviour::Works);
        assert!(until_shared(&node, true).await <= Duration::from_secs(10));
        assert_eq!(admitted(&node, &fresh_key(), 50, a_minute(5)).await, 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_continues_with_its_own_counts() {
    let store = Store::new(Behaviour::Works);
    let node = node(&store, 3).await;
    let (used, fresh) = (fresh_key(), fresh_key());
    assert_eq!(admitted(&node, &used, 2, a_minute(6)).await, 2);
    store.behaviour.send_replace(Behaviour::Fails);
    assert_eq!(admitted(&node, &used, 10, a_minute(6)).await, 0, "its share of two is used up");
    assert_eq!(admitted(&node, &fresh, 10, a_minute(6)).await, 2);
    // Attempts that were admitted locally still count when the store is restored.
    store.behaviour.send_replace(Behaviour::Works);
    until_shared(&node, true).await;
    assert_eq!(admitted(&node, &fresh, 10, a_minute(6)).await, 4);
}

#[tokio::test(start_paused = true)]
async fn each_node_has_a_limit_if_the_store_loses_its_data() {
    let store = Store::new(Behaviour::LosesData);
    let node = node(&store, 3).await;
    let key = fresh_key();
    assert_eq!(admitted(&node, &key, 1000, a_minute(5)).await, 5);
    assert!(node.is_shared());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_only_answers_probes_leaves_the_share() {
    let store = Store::new(Behaviour::OnlyProbes);
    let node = node(&store, 3).await;
    let key = fresh_key();
    let mut interval = tokio::time::interval(Duration::from_millis(7));
    let mut admitted = 0;
    for _ in 0..1000 {
        interval.tick().await;
        admitted += u32::from(node.admit(&key, a_minute(6)).await == Decision::Admitted);
    }
    assert_eq!(admitted, 2);
}

#[tokio::test(start_paused = true)]
async fn a_node_does_not_refuse_attempts_that_the_store_has_admitted() {
    let store = Store::new(Behaviour::Late);
    let node = node(&store, 3).await;
    let key = fresh_key();
    // The node records this one a fifth of a second later than the store.
    assert_eq!(node.admit(&key, a_minute(1)).await, Decision::Admitted);
    store.behaviour.send_replace(Behaviour::Works);
    let Decision::Refused { retry_after } = node.admit(&key, a_minute(1)).await else {
        panic!("a second one was admitted");
    };
    pass(retry_after).await;
    assert_eq!(node.admit(&key, a_minute(1)).await, Decision::Admitted);
}

/// Uses real time, in which the process blocks.
#[tokio::test]
async fn a_busy_process_does_not_treat_the_store_as_unavailable() {
    let store = Store::new(Behaviour::Late);
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
    let store = Store::new(Behaviour::Works);
    let node = Arc::new(node(&store, 3).await);
    store.behaviour.send_replace(Behaviour::Hangs);
    let late = node.clone();
    let mut waiting = JoinSet::new();
    waiting.spawn(async move { late.admit(&fresh_key(), a_minute(5)).await });
    tokio::task::yield_now().await;
    // Another attempt fails earlier, and the next probe succeeds.
    store.behaviour.send_replace(Behaviour::Fails);
    node.admit(&fresh_key(), a_minute(5)).await;
    assert!(!node.is_shared());
    store.behaviour.send_replace(Behaviour::Works);
    until_shared(&node, true).await;
    waiting.join_all().await;
    assert!(node.is_shared());
}

#[tokio::test(start_paused = true)]
async fn the_background_task_ends_with_the_limiter() {
    let store = Store::new(Behaviour::Hangs);
    let node = node(&store, 3).await;
    assert!(Arc::strong_count(&store) > 1);
    drop(node);
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&store), 1);
}
