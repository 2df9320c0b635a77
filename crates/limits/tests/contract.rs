//! The contract of the port, tested with a limiter in memory and with three nodes that share Redis.
//!
//! Uses real time and short windows, because the clock of a Redis server cannot be set.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "fixtures/attempts.rs"]
mod attempts;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::interval;
use vestibule_domain::ports::{Action, Decision, LimitKey, RateLimiter};

use attempts::{a_minute, fresh_key, limit};

/// Nodes that share their counts.
type Nodes = Vec<Arc<dyn RateLimiter>>;

const WINDOW: Duration = Duration::from_millis(400);

macro_rules! contract {
    ($nodes:expr) => {
        contract!($nodes,
            exactly_the_limit_is_admitted_concurrently
            no_window_ever_holds_more_than_the_limit
            keys_do_not_affect_each_other
            a_refused_attempt_does_not_count
            the_time_to_wait_is_correct
        );
    };
    ($nodes:expr, $($test:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            super::$test($nodes).await;
        }
    )* };
}

mod memory {
    use super::{Arc, Nodes};

    fn single() -> Nodes {
        vec![Arc::new(vestibule_limits::MemoryLimiter::default())]
    }

    contract!(single());
}

mod redis {
    use async_trait::async_trait;
    use vestibule_domain::ports::Limit;
    use vestibule_limits::{RedisAddress, RedisLimiter, SharedLimiter as _};

    use super::{Arc, Decision, LimitKey, Nodes, RateLimiter};

    /// A limiter whose Redis is always available.
    struct AlwaysAvailable(RedisLimiter);

    #[async_trait]
    impl RateLimiter for AlwaysAvailable {
        async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision {
            self.0.try_admit(key, limit).await.unwrap()
        }
    }

    async fn three() -> Nodes {
        let Ok(url) = std::env::var("VESTIBULE_TEST_REDIS_URL") else {
            panic!("this test requires Redis; `cargo xtask test` starts one");
        };
        let address = RedisAddress::parse(&url).unwrap();
        let mut nodes: Nodes = Vec::new();
        for _ in 0..3 {
            let node = RedisLimiter::new(&address);
            node.probe().await.unwrap();
            nodes.push(Arc::new(AlwaysAvailable(node)));
        }
        nodes
    }

    contract!(three().await);
}

async fn exactly_the_limit_is_admitted_concurrently(nodes: Nodes) {
    for _ in 0..20 {
        let (key, mut attempts) = (fresh_key(), JoinSet::new());
        for node in nodes.iter().cycle().take(200) {
            let (node, key) = (Arc::clone(node), key.clone());
            attempts.spawn(async move { node.admit(&key, a_minute(5)).await });
        }
        let decisions = attempts.join_all().await;
        let admitted = decisions.iter().filter(|decision| **decision == Decision::Admitted);
        assert_eq!(admitted.count(), 5);
    }
}

async fn no_window_ever_holds_more_than_the_limit(nodes: Nodes) {
    let (key, five, start) = (fresh_key(), limit(5, WINDOW), Instant::now());
    let mut admitted = Vec::new();
    let mut interval = interval(Duration::from_millis(1));
    for node in nodes.iter().cycle() {
        interval.tick().await;
        let sent = Instant::now();
        if node.admit(&key, five).await == Decision::Admitted {
            admitted.push((sent, Instant::now()));
        }
        if start.elapsed() > WINDOW * 8 {
            break;
        }
    }
    // The first and the sixth of any six attempts are at least a window apart. A fixed window would
    // admit ten around an edge, and a token bucket one every fifth of the window.
    for six in admitted.windows(6) {
        let apart = six[5].1 - six[0].0;
        assert!(apart >= WINDOW, "six within {apart:?}");
    }
    // The limit is used up, even on a busy machine.
    assert!(admitted.len() >= 15, "{}", admitted.len());
}

async fn keys_do_not_affect_each_other(nodes: Nodes) {
    let (one, other) = (fresh_key(), fresh_key());
    let keys = [LimitKey { action: Action::SubmitReset, ..one.clone() }, one, other];
    for key in &keys {
        assert_eq!(nodes[0].admit(key, a_minute(1)).await, Decision::Admitted, "{key}");
    }
    for (key, node) in keys.iter().zip(nodes.iter().cycle()) {
        assert_ne!(node.admit(key, a_minute(1)).await, Decision::Admitted, "{key}");
    }
}

async fn a_refused_attempt_does_not_count(nodes: Nodes) {
    let (key, three) = (fresh_key(), limit(3, WINDOW));
    for _ in 0..3 {
        assert_eq!(nodes[0].admit(&key, three).await, Decision::Admitted);
    }
    let Decision::Refused { retry_after } = nodes[0].admit(&key, three).await else {
        panic!("a fourth one was admitted");
    };
    // If refused attempts counted, retries would extend the wait.
    let (due, mut interval) = (Instant::now() + retry_after, interval(Duration::from_millis(1)));
    loop {
        let sent = Instant::now();
        if nodes[0].admit(&key, three).await == Decision::Admitted {
            break;
        }
        assert!(sent < due, "refused because of refused attempts");
        interval.tick().await;
    }
}

async fn the_time_to_wait_is_correct(nodes: Nodes) {
    let (key, one) = (fresh_key(), limit(1, WINDOW));
    assert_eq!(nodes[0].admit(&key, one).await, Decision::Admitted);
    let mut interval = interval(Duration::from_millis(1));
    let (mut not_before, mut not_after) = (Instant::now(), Instant::now() + WINDOW * 10);
    loop {
        let sent = Instant::now();
        match nodes[0].admit(&key, one).await {
            Decision::Admitted => break,
            Decision::Refused { retry_after } => {
                assert!((Duration::from_nanos(1)..=WINDOW).contains(&retry_after));
                assert!(sent < not_after, "refused later than announced");
                not_before = not_before.max(sent + retry_after);
                not_after = not_after.min(Instant::now() + retry_after);
            }
        }
        interval.tick().await;
    }
    assert!(Instant::now() >= not_before, "admitted earlier than announced");
}
