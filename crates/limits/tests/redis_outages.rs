//! Tests of three nodes while their Redis is killed, paused, emptied and restarted: there is always
//! a limit, and attempts do not wait.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "fixtures/attempts.rs"]
mod attempts;
#[path = "fixtures/server.rs"]
mod server;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::interval;
use vestibule_domain::ports::{Decision, Limit, LimitKey, RateLimiter as _};
use vestibule_limits::{FallbackLimiter, MemoryLimiter, RedisAddress, RedisLimiter};

use attempts::{a_minute, fresh_key};
use server::RedisServer;

const NODES: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// Maximum time an attempt waits for an unavailable Redis.
const MAX_WAIT: Duration = Duration::from_millis(300);
/// Maximum time of a local decision, even on a busy machine.
const MAX_LOCAL_WAIT: Duration = Duration::from_millis(100);
/// Maximum time until an outage or its end is detected.
const MAX_DETECTION: Duration = Duration::from_secs(10);

type Nodes = Vec<Arc<FallbackLimiter>>;

async fn nodes(server: &RedisServer) -> Nodes {
    let mut nodes = Vec::new();
    for _ in 0..NODES.get() {
        let shared = Arc::new(RedisLimiter::new(&RedisAddress::parse(&server.url()).unwrap()));
        let local = Arc::new(MemoryLimiter::default());
        nodes.push(Arc::new(FallbackLimiter::start(shared, local, NODES).await));
    }
    nodes
}

/// Makes sixty concurrent attempts on all nodes; returns the number admitted and the longest wait.
async fn attempt_concurrently(nodes: &Nodes, key: &LimitKey, limit: Limit) -> (usize, Duration) {
    let mut attempts = JoinSet::new();
    for node in nodes.iter().cycle().take(60) {
        let (node, key) = (Arc::clone(node), key.clone());
        attempts.spawn(async move {
            let start = Instant::now();
            (node.admit(&key, limit).await, start.elapsed())
        });
    }
    let answers = attempts.join_all().await;
    let admitted = answers.iter().filter(|(decision, _)| *decision == Decision::Admitted);
    (admitted.count(), answers.iter().map(|(_, took)| *took).max().unwrap())
}

async fn until(nodes: &Nodes, shared: bool) {
    let (start, mut interval) = (Instant::now(), interval(Duration::from_millis(10)));
    while nodes.iter().any(|node| node.is_shared() != shared) {
        interval.tick().await;
        assert!(start.elapsed() < MAX_DETECTION, "not after {:?}", start.elapsed());
    }
}

/// Asserts that all nodes together admit exactly the limit.
async fn assert_shared(nodes: &Nodes) {
    assert_eq!(attempt_concurrently(nodes, &fresh_key(), a_minute(5)).await.0, 5);
}

/// Asserts that each node admits its share: one of five, two of six.
async fn assert_local(nodes: &Nodes) {
    for (limit, share) in [(5, 1), (6, 2)] {
        let (admitted, wait) = attempt_concurrently(nodes, &fresh_key(), a_minute(limit)).await;
        assert_eq!(admitted, share * nodes.len());
        assert!(wait <= MAX_LOCAL_WAIT, "{wait:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_stricter_while_redis_is_down() {
    let mut server = RedisServer::start().await;
    let nodes = nodes(&server).await;
    let used = fresh_key();
    assert_eq!(attempt_concurrently(&nodes, &used, a_minute(5)).await.0, 5);

    server.kill().await;
    let (admitted, wait) = attempt_concurrently(&nodes, &fresh_key(), a_minute(5)).await;
    assert!((1..=nodes.len()).contains(&admitted), "{admitted}");
    assert!(wait <= MAX_WAIT, "{wait:?}");
    // For a used up limit, each node that has not counted it admits at most one more attempt.
    assert!(attempt_concurrently(&nodes, &used, a_minute(5)).await.0 < nodes.len());
    assert_eq!(attempt_concurrently(&nodes, &used, a_minute(5)).await.0, 0);
    until(&nodes, false).await;
    assert_local(&nodes).await;

    server.restart().await;
    until(&nodes, true).await;
    assert_shared(&nodes).await;
    // The restarted Redis is empty, but the nodes have their local counts.
    let again = attempt_concurrently(&nodes, &used, a_minute(5)).await.0;
    assert!(again <= 5, "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_wait_only_once_for_a_redis_that_hangs() {
    let server = RedisServer::start().await;
    let nodes = nodes(&server).await;
    assert_shared(&nodes).await;

    server.pause().await;
    let (admitted, wait) = attempt_concurrently(&nodes, &fresh_key(), a_minute(5)).await;
    assert_eq!(admitted, nodes.len());
    assert!(wait <= MAX_WAIT, "{wait:?}");
    until(&nodes, false).await;
    assert_local(&nodes).await;

    server.resume().await;
    until(&nodes, true).await;
    assert_shared(&nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_node_has_a_limit_if_redis_is_emptied_repeatedly() {
    let server = RedisServer::start().await;
    let nodes = nodes(&server).await;
    let (key, mut admitted) = (fresh_key(), 0);
    for _ in 0..10 {
        server.command("FLUSHALL").await;
        admitted += attempt_concurrently(&nodes, &key, a_minute(5)).await.0;
    }
    assert!((5..=5 * nodes.len()).contains(&admitted), "{admitted}");
    assert_eq!(attempt_concurrently(&nodes, &key, a_minute(5)).await.0, 0);
    assert!(nodes.iter().all(|node| node.is_shared()));
    assert_shared(&nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_start_without_redis_and_use_it_when_it_is_available() {
    let mut server = RedisServer::start().await;
    server.kill().await;
    let nodes = nodes(&server).await;
    assert!(nodes.iter().all(|node| !node.is_shared()));
    assert_local(&nodes).await;
    server.restart().await;
    until(&nodes, true).await;
    assert_shared(&nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_node_always_has_a_limit_if_redis_restarts_under_load() {
    let mut server = RedisServer::start().await;
    let nodes = nodes(&server).await;
    let key = fresh_key();
    let mut attempts = JoinSet::new();
    for node in &nodes {
        let (node, key) = (Arc::clone(node), key.clone());
        attempts.spawn(async move {
            let (mut admitted, mut interval) = (0, interval(Duration::from_millis(2)));
            for _ in 0..1500 {
                interval.tick().await;
                admitted += u32::from(node.admit(&key, a_minute(5)).await == Decision::Admitted);
            }
            admitted
        });
    }
    for _ in 0..3 {
        server.kill().await;
        until(&nodes, false).await;
        server.restart().await;
        until(&nodes, true).await;
    }
    let admitted = attempts.join_all().await;
    assert!(admitted.iter().all(|admitted| *admitted <= 5), "{admitted:?}");
    assert!(admitted.iter().sum::<u32>() >= 5, "{admitted:?}");
}
