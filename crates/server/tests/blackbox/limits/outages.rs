//! What three nodes do when their Redis is killed, stopped, emptied, or not there yet.

use std::time::Duration;

use super::redis_server::RedisServer;
use super::{
    AWAY, BACK, Nodes, admitted, all_say, forgot, is_admitted, limited, nodes, said, timed,
    together,
};

/// What a request may wait longer than usual, once.
const BEARABLE: Duration = Duration::from_millis(300);
/// What a request takes on a busy machine when nothing holds it up, at least.
const USUAL: Duration = Duration::from_millis(200);

/// What the slowest of some requests takes while Redis is there.
async fn usual(nodes: &Nodes, client: &str) -> Duration {
    let mut slowest = USUAL;
    for number in 0..30 {
        let (raw, took) = timed(nodes.turn(number), &forgot(client)).await;
        is_admitted(&raw);
        slowest = slowest.max(took);
    }
    slowest
}

/// The first request on each node notices that Redis is away; none waits long for it.
async fn nobody_waits(nodes: &Nodes, client: &str, usual: Duration) {
    for node in nodes.all() {
        let (raw, took) = timed(node, &forgot(client)).await;
        is_admitted(&raw);
        assert!(took <= usual + BEARABLE, "{took:?}, usually {usual:?}");
    }
    all_say(nodes, AWAY, 1).await;
    for node in nodes.all() {
        for _ in 0..10 {
            let (raw, took) = timed(node, &forgot(client)).await;
            assert!(!is_admitted(&raw), "more than a node's share");
            assert!(took <= usual, "{took:?}, usually {usual:?}");
        }
    }
}

mod redis_and_postgres {
    use super::{
        AWAY, BACK, RedisServer, admitted, all_say, forgot, limited, nobody_waits, nodes, said,
        together, usual,
    };
    use crate::evidence::Nodes;
    use crate::people::Answer;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_node_alone_admits_its_share_until_a_killed_server_is_back() {
        let mut redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        assert!(admitted(&nodes, vec![forgot("203.0.113.1"); 60]).await >= 5);

        let usual = usual(&nodes, "203.0.113.5").await;
        redis.kill().await;
        nobody_waits(&nodes, "203.0.113.2", usual).await;
        // A third of five, on each of three; whoever was admitted before knows.
        assert_eq!(admitted(&nodes, vec![forgot("203.0.113.3"); 200]).await, 3);
        assert!(admitted(&nodes, vec![forgot("203.0.113.1"); 200]).await < 3);
        assert_eq!(admitted(&nodes, vec![forgot("203.0.113.1"); 200]).await, 0);

        redis.restart().await;
        all_say(&nodes, BACK, 1).await;
        together(&nodes, 5, |number| vec![forgot(&format!("203.0.114.{number}")); 200]).await;
        let lines: Vec<String> = nodes.all().iter().flat_map(|node| node.log.lines()).collect();
        let about = lines.iter().filter(|line| line.contains("shared limits"));
        assert!(about.clone().count() >= 6);
        let names_somebody =
            |line: &&String| line.contains("203.0.113") || line.contains("127.0.0");
        assert_eq!(about.filter(names_somebody).count(), 0, "{lines:#?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_hangs_is_left_alone_until_it_goes_on() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let usual = usual(&nodes, "203.0.113.5").await;
        redis.pause().await;
        nobody_waits(&nodes, "203.0.113.1", usual).await;
        assert_eq!(admitted(&nodes, vec![forgot("203.0.113.2"); 200]).await, 3);
        redis.resume().await;
        all_say(&nodes, BACK, 1).await;
        together(&nodes, 5, |number| vec![forgot(&format!("203.0.114.{number}")); 200]).await;
    }

    /// An emptied server forgets what it counted, but no node forgets what it admitted, and nothing
    /// but limits is kept there.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_is_emptied_ends_no_session_and_no_limit() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let token = nodes.first().sign_up("anna@example.com", "a good long password").await.token();
        let mut total = 0;
        for _ in 0..5 {
            redis.command("FLUSHALL").await;
            total += admitted(&nodes, vec![forgot("203.0.113.1"); 60]).await;
        }
        assert!((5..=15).contains(&total), "{total}");
        for node in nodes.all() {
            let Answer { status, body } = node.me(&token).await;
            assert_eq!(status, 200, "{body}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nodes_start_without_their_server_and_find_it_later() {
        let mut redis = RedisServer::start().await;
        redis.kill().await;
        let setup = limited().await.with("VESTIBULE_REDIS__NODES", "2");
        let nodes = Nodes::start(setup.with("VESTIBULE_REDIS__URL", &redis.url())).await;
        for node in nodes.all() {
            assert_eq!(said(node, AWAY), 1, "{:#?}", node.log.lines());
        }
        // Half of five, on each of three, because that is what was said.
        assert_eq!(admitted(&nodes, vec![forgot("203.0.113.1"); 200]).await, 6);
        redis.restart().await;
        all_say(&nodes, BACK, 1).await;
        together(&nodes, 5, |number| vec![forgot(&format!("203.0.114.{number}")); 200]).await;
    }
}
