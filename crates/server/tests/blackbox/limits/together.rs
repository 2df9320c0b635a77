//! What three nodes admit together.

use super::redis_server::RedisServer;
use super::{admitted, forgot, nodes, reset, together};

mod redis_and_postgres {
    use super::{RedisServer, admitted, forgot, nodes, reset, together};

    /// Five requests for a link and three attempts to use one, of two hundred at once on all nodes.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_two_hundred_at_once_exactly_the_limit_is_admitted() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        for round in 0..5 {
            let client = |number| format!("203.0.{round}.{number}");
            together(&nodes, 5, |number| vec![forgot(&client(number)); 200]).await;
            together(&nodes, 3, |number| vec![reset(&client(number)); 200]).await;
        }
    }

    /// A limit of one act, or of one client, is none of another's.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_act_and_a_client_have_limits_of_their_own() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        // Each of forty clients asks three times for a link, and four times tries to use one.
        together(&nodes, 40 * 6, |number| {
            let client = |n: usize| format!("198.51.{number}.{}", n % 40);
            let links = (0..40 * 3).map(|n| forgot(&client(n)));
            links.chain((0..40 * 4).map(|n| reset(&client(n)))).collect()
        })
        .await;
    }

    /// What Redis is told holds no mail address, no password and no token.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_kept_are_networks_digests_and_moments() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let node = nodes.first();
        assert_eq!(node.sign_up("anna@example.com", "a good long password").await.status, 201);
        assert_eq!(node.sign_in("anna@example.com", "a good long password").await.status, 200);
        assert_eq!(admitted(&nodes, vec![forgot("2001:db8:1:2::3")]).await, 1);
        let keys = redis.command("KEYS *").await;
        let names: Vec<&str> = keys.lines().filter(|line| line.starts_with("vestibule:")).collect();
        for name in ["client:2001:db8:1:2::/64", "site:2001:db8:1::/48"] {
            let name = format!("vestibule:limit:1:request-reset:{name}");
            assert!(names.contains(&name.as_str()), "{name}: {names:?}");
        }
        assert!(names.iter().all(|name| name.starts_with("vestibule:limit:1:")), "{names:?}");
        assert!(!keys.contains("anna") && !keys.contains("example"), "{names:?}");
        for name in names {
            let kept = redis.command(&format!("LRANGE {name} 0 -1")).await;
            let plain = |c: char| c.is_ascii_digit() || "*$+OK\r\n".contains(c);
            assert!(kept.chars().all(plain), "{name}: {kept}");
        }
    }
}
