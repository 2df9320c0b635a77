//! Who counts as one client, on all nodes: no spelling of an address makes a second one.

use super::redis_server::RedisServer;
use super::{admitted, forgot, nodes};

/// The addresses of one client, by number.
type Spelling = fn(u32) -> String;

mod redis_and_postgres {
    use super::{RedisServer, Spelling, admitted, forgot, nodes};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_spelling_and_no_further_address_of_a_client_makes_another_one() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let owners: [(&str, Spelling); 5] = [
            // Whoever has one address of a /64 has all of them.
            ("a /64", |n| format!("2001:db8:7:7:{:x}:{n:x}::1", n * 7)),
            ("spellings", |n| {
                let all = ["2001:db8::1", "2001:DB8:0:0::1", "2001:db8:0:0:0:0:0:1"];
                all[n as usize % all.len()].to_owned()
            }),
            ("IPv4 in IPv6", |n| {
                let all = ["203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109"];
                all[n as usize % all.len()].to_owned()
            }),
            // What stands left of the last hop was said by the client.
            ("invented hops", |n| format!("10.0.{n}.1, 198.51.100.{n}, 203.0.113.10")),
            ("a hop that is none", |n| format!("198.51.100.{n}, no address {n}")),
        ];
        for (what, spelling) in owners {
            let drafts = (0..60).map(|n| forgot(&spelling(n))).collect();
            assert_eq!(admitted(&nodes, drafts).await, 5, "{what}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn other_owners_are_other_clients() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let drafts = (0..60).map(|n| forgot(&format!("2001:db8:0:{n:x}::1"))).collect();
        assert_eq!(admitted(&nodes, drafts).await, 60);
        let drafts = (0..60).map(|n| forgot(&format!("::ffff:203.0.113.{n}"))).collect();
        assert_eq!(admitted(&nodes, drafts).await, 60);
    }
}
