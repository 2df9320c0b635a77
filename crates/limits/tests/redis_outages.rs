//! Three nodes, and a Redis that is killed, stopped, emptied and started again under them: at no
//! time is there no limit, and nobody waits.
#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

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
/// What an attempt may wait for a Redis that is away.
const BEARABLE: Duration = Duration::from_millis(300);
/// What a decision of one's own takes, even on a busy machine.
const AT_ONCE: Duration = Duration::from_millis(100);
const BACK_WITHIN: Duration = Duration::from_secs(10);

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

/// Sixty attempts at once, spread over all nodes; how many are admitted, and the longest wait.
async fn crowd(nodes: &Nodes, key: &LimitKey, limit: Limit) -> (usize, Duration) {
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
    let (start, mut looks) = (Instant::now(), interval(Duration::from_millis(10)));
    while nodes.iter().any(|node| node.is_shared() != shared) {
        looks.tick().await;
        assert!(start.elapsed() < BACK_WITHIN, "not after {:?}", start.elapsed());
    }
}

/// Exactly the limit, over all nodes together.
async fn shares(nodes: &Nodes) {
    assert_eq!(crowd(nodes, &fresh_key(), a_minute(5)).await.0, 5);
}

/// Each node its share: one of five, two of six.
async fn stands_alone(nodes: &Nodes) {
    for (limit, share) in [(5, 1), (6, 2)] {
        let (admitted, wait) = crowd(nodes, &fresh_key(), a_minute(limit)).await;
        assert_eq!(admitted, share * nodes.len());
        assert!(wait <= AT_ONCE, "{wait:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_killed_leaves_stricter_limits_until_it_is_back() {
    let mut server = RedisServer::start().await;
    let nodes = nodes(&server).await;
    let used = fresh_key();
    assert_eq!(crowd(&nodes, &used, a_minute(5)).await.0, 5);

    server.kill().await;
    let (admitted, wait) = crowd(&nodes, &fresh_key(), a_minute(5)).await;
    assert!((1..=nodes.len()).contains(&admitted), "{admitted}");
    assert!(wait <= BEARABLE, "{wait:?}");
    // Whoever has used up the limit before has at most one more on each node that knew nothing.
    assert!(crowd(&nodes, &used, a_minute(5)).await.0 < nodes.len());
    assert_eq!(crowd(&nodes, &used, a_minute(5)).await.0, 0);
    until(&nodes, false).await;
    stands_alone(&nodes).await;

    server.restart().await;
    until(&nodes, true).await;
    shares(&nodes).await;
    // The new Redis knows nothing, but the nodes do.
    let again = crowd(&nodes, &used, a_minute(5)).await.0;
    assert!(again <= 5, "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_waited_for_once() {
    let server = RedisServer::start().await;
    let nodes = nodes(&server).await;
    shares(&nodes).await;

    server.pause().await;
    let (admitted, wait) = crowd(&nodes, &fresh_key(), a_minute(5)).await;
    assert_eq!(admitted, nodes.len());
    assert!(wait <= BEARABLE, "{wait:?}");
    until(&nodes, false).await;
    stands_alone(&nodes).await;

    server.resume().await;
    until(&nodes, true).await;
    shares(&nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_emptied_time_and_again_leaves_each_node_a_limit() {
    let server = RedisServer::start().await;
    let nodes = nodes(&server).await;
    let (key, mut admitted) = (fresh_key(), 0);
    for _ in 0..10 {
        server.command("FLUSHALL").await;
        admitted += crowd(&nodes, &key, a_minute(5)).await.0;
    }
    assert!((5..=5 * nodes.len()).contains(&admitted), "{admitted}");
    assert_eq!(crowd(&nodes, &key, a_minute(5)).await.0, 0);
    assert!(nodes.iter().all(|node| node.is_shared()));
    shares(&nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_start_without_redis_and_find_it_later() {
    let mut server = RedisServer::start().await;
    server.kill().await;
    let nodes = nodes(&server).await;
    assert!(nodes.iter().all(|node| !node.is_shared()));
    stands_alone(&nodes).await;
    server.restart().await;
    until(&nodes, true).await;
    shares(&nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_restarts_under_load_never_leaves_a_node_without_a_limit() {
    let mut server = RedisServer::start().await;
    let nodes = nodes(&server).await;
    let key = fresh_key();
    let mut attempts = JoinSet::new();
    for node in &nodes {
        let (node, key) = (Arc::clone(node), key.clone());
        attempts.spawn(async move {
            let (mut admitted, mut pace) = (0, interval(Duration::from_millis(2)));
            for _ in 0..1500 {
                pace.tick().await;
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
