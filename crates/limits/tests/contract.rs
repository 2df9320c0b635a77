//! What the port promises, kept by a limiter in memory and by three nodes that share a Redis.
//!
//! In real time, with short windows: nobody can set a Redis server's clock.
#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

#[path = "fixtures/attempts.rs"]
mod attempts;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::interval;
use vestibule_domain::ports::{Action, Decision, LimitKey, RateLimiter};

use attempts::{a_minute, fresh_key, limit};

/// The nodes that count together.
type Nodes = Vec<Arc<dyn RateLimiter>>;

const WINDOW: Duration = Duration::from_millis(400);

macro_rules! contract {
    ($nodes:expr) => {
        contract!($nodes,
            of_many_at_once_exactly_the_limit_is_admitted
            no_window_ever_holds_more_than_the_limit
            keys_do_not_affect_each_other
            a_refused_attempt_does_not_count
            the_time_to_wait_is_honest
        );
    };
    ($nodes:expr, $($promise:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            super::$promise($nodes).await;
        }
    )* };
}

mod memory {
    use super::{Arc, Nodes};

    fn alone() -> Nodes {
        vec![Arc::new(vestibule_limits::MemoryLimiter::default())]
    }

    contract!(alone());
}

mod redis {
    use async_trait::async_trait;
    use vestibule_domain::ports::Limit;
    use vestibule_limits::{RedisAddress, RedisLimiter, SharedLimiter as _};

    use super::{Arc, Decision, LimitKey, Nodes, RateLimiter};

    /// A Redis that is there.
    struct Reliable(RedisLimiter);

    #[async_trait]
    impl RateLimiter for Reliable {
        async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision {
            self.0.try_admit(key, limit).await.unwrap()
        }
    }

    async fn three() -> Nodes {
        let Ok(url) = std::env::var("VESTIBULE_TEST_REDIS_URL") else {
            panic!("Redis is needed; `cargo xtask test` starts one");
        };
        let address = RedisAddress::parse(&url).unwrap();
        let mut nodes: Nodes = Vec::new();
        for _ in 0..3 {
            let node = RedisLimiter::new(&address);
            node.probe().await.unwrap();
            nodes.push(Arc::new(Reliable(node)));
        }
        nodes
    }

    contract!(three().await);
}

async fn of_many_at_once_exactly_the_limit_is_admitted(nodes: Nodes) {
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
    let mut pace = interval(Duration::from_millis(1));
    for node in nodes.iter().cycle() {
        pace.tick().await;
        let asked = Instant::now();
        if node.admit(&key, five).await == Decision::Admitted {
            admitted.push((asked, Instant::now()));
        }
        if start.elapsed() > WINDOW * 8 {
            break;
        }
    }
    // Between the first and the sixth of any six lies a whole window; a limiter with fixed windows
    // admits ten around an edge, and one with a bucket goes on at a fifth of the window.
    for six in admitted.windows(6) {
        let apart = six[5].1 - six[0].0;
        assert!(apart >= WINDOW, "six within {apart:?}");
    }
    // And what the limit allows is allowed, however busy the machine is.
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
    // If they counted, whoever keeps trying would wait ever longer.
    let (due, mut pace) = (Instant::now() + retry_after, interval(Duration::from_millis(1)));
    loop {
        let asked = Instant::now();
        if nodes[0].admit(&key, three).await == Decision::Admitted {
            break;
        }
        assert!(asked < due, "refused because of what was refused before");
        pace.tick().await;
    }
}

async fn the_time_to_wait_is_honest(nodes: Nodes) {
    let (key, one) = (fresh_key(), limit(1, WINDOW));
    assert_eq!(nodes[0].admit(&key, one).await, Decision::Admitted);
    let mut pace = interval(Duration::from_millis(1));
    let (mut not_before, mut not_after) = (Instant::now(), Instant::now() + WINDOW * 10);
    loop {
        let asked = Instant::now();
        match nodes[0].admit(&key, one).await {
            Decision::Admitted => break,
            Decision::Refused { retry_after } => {
                assert!((Duration::from_nanos(1)..=WINDOW).contains(&retry_after));
                assert!(asked < not_after, "refused later than promised");
                not_before = not_before.max(asked + retry_after);
                not_after = not_after.min(Instant::now() + retry_after);
            }
        }
        pace.tick().await;
    }
    assert!(Instant::now() >= not_before, "admitted earlier than promised");
}
