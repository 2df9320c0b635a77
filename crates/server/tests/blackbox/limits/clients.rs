//! Who counts as one client, on all nodes: no spelling of an address makes a second one.

use super::redis_server::RedisServer;
use super::{admitted, forgot, nodes, together};

/// The addresses of a client, by its number and theirs.
type Spelling = fn(usize, usize) -> String;

mod redis_and_postgres {
    use super::{RedisServer, Spelling, admitted, forgot, nodes, together};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_spelling_and_no_further_address_of_a_client_makes_another_one() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let owners: [(&str, Spelling); 4] = [
            // Whoever has one address of a /64 has all of them.
            ("a /64", |client, n| format!("2001:db8:7:{client:x}:{:x}:{n:x}::1", n * 7)),
            ("spellings", |client, n| match n % 3 {
                0 => format!("2001:db8:8:{client:x}::1"),
                1 => format!("2001:DB8:8:{client:X}:0::1"),
                _ => format!("2001:0db8:0008:{client:04x}:0:0:0:1"),
            }),
            ("IPv4 in IPv6", |client, n| match n % 3 {
                0 => format!("203.0.113.{client}"),
                1 => format!("::ffff:203.0.113.{client}"),
                _ => format!("::ffff:cb00:71{client:02x}"),
            }),
            // What stands left of the last hop was said by the client.
            ("invented hops", |client, n| {
                format!("10.0.{n}.1, 198.51.100.{n}, 203.0.112.{client}")
            }),
        ];
        for (what, spelling) in owners {
            eprintln!("{what}");
            together(&nodes, 5, |client| (0..60).map(|n| forgot(&spelling(client, n))).collect())
                .await;
        }
        // A last hop that is none makes the proxy itself the client.
        let hops = |_| (0..60).map(|n| forgot(&format!("198.51.100.{n}, no address {n}")));
        assert!(admitted(&nodes, hops(0).collect()).await <= 8);
    }

    /// A site has eight times the limit of a network, for all its networks and on all nodes.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_networks_of_a_site_share_what_it_may() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        together(&nodes, 40, |site| {
            (0..200).map(|n| forgot(&format!("2001:db8:{site:x}:{n:x}::1"))).collect()
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn other_owners_are_other_clients() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let drafts = (0..60).map(|n| forgot(&format!("2001:db8:{n:x}::1"))).collect();
        assert_eq!(admitted(&nodes, drafts).await, 60);
        let drafts = (0..60).map(|n| forgot(&format!("::ffff:203.0.113.{n}"))).collect();
        assert_eq!(admitted(&nodes, drafts).await, 60);
    }
}
