//! A client counts as one on all nodes, in each notation of its address.

use super::redis_server::RedisServer;
use super::{Tally, at_once, forgot, losses, nodes, together};

/// The addresses of a client, by its number and theirs.
type Spelling = fn(usize, usize) -> String;

/// Addresses that count as one client.
const OWNERS: [(&str, Spelling); 4] = [
    // A client with one address of a /64 has all of them.
    ("a_64", |client, n| format!("2001:db8:7:{client:x}:{:x}:{n:x}::1", n * 7)),
    ("spellings", |client, n| match n % 3 {
        0 => format!("2001:db8:8:{client:x}::1"),
        1 => format!("2001:DB8:8:{client:X}:0::1"),
        _ => format!("2001:0db8:0008:{client:04x}:0:0:0:1"),
    }),
    ("ipv4_in_ipv6", |client, n| match n % 4 {
        0 => format!("203.0.113.{client}"),
        1 => format!("::ffff:203.0.113.{client}"),
        2 => format!("64:ff9b::203.0.113.{client}"),
        _ => format!("::ffff:cb00:71{client:02x}"),
    }),
    // The entries left of the last hop come from the client.
    ("invented_hops", |client, n| format!("10.0.{n}.1, 198.51.100.{n}, 203.0.112.{client}")),
];

mod redis_and_postgres {
    use super::{OWNERS, RedisServer, Tally, at_once, forgot, losses, nodes, together};
    use crate::evidence::Experiment;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn all_addresses_and_spellings_of_a_client_share_a_limit() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let title = "Spellings of an IP address and other addresses of its network share a limit";
        let mut experiment = Experiment::begin("E07", title, &nodes.first().setup.database);
        let mut all = Tally::default();
        for (what, spelling) in OWNERS {
            let drafts = |client| (0..60).map(|n| forgot(&spelling(client, n))).collect();
            let wave = together(nodes.all(), 5, drafts).await;
            experiment.tried(60);
            experiment.exactly(&format!("admitted_{what}"), wave.admitted, 5);
            all += wave;
        }
        // A last hop that is none makes the proxy itself the client. It has one try: a node that
        // takes Redis for away meanwhile may admit its share.
        let before = losses(nodes.all());
        let hops = (0..60).map(|n| forgot(&format!("198.51.100.{n}, no address {n}")));
        let wave = at_once(nodes.all(), hops.collect()).await;
        experiment.tried(60);
        let limit = if losses(nodes.all()) == before { 5 } else { 8 };
        experiment.at_most("admitted_behind_no_address", wave.admitted, limit);
        all += wave;
        experiment.exactly("answers_5xx", all.faults, 0);
        experiment.conclude();
    }

    /// A site has eight times the limit of a network, for all its networks and on all nodes.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_networks_of_a_site_share_what_it_may() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let title = "All networks of an IPv6 /48 together have eight times a network's limit";
        let mut experiment = Experiment::begin("E07", title, &nodes.first().setup.database);
        let wave = together(nodes.all(), 40, |site| {
            (0..200).map(|n| forgot(&format!("2001:db8:{site:x}:{n:x}::1"))).collect()
        })
        .await;
        experiment.tried(200);
        experiment.exactly("admitted", wave.admitted, 40);
        experiment.exactly("answers_5xx", wave.faults, 0);
        experiment.conclude();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn other_owners_are_other_clients() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let drafts = (0..60).map(|n| forgot(&format!("2001:db8:{n:x}::1"))).collect();
        assert_eq!(at_once(nodes.all(), drafts).await.admitted, 60);
        let drafts = (0..60).map(|n| forgot(&format!("::ffff:203.0.113.{n}"))).collect();
        assert_eq!(at_once(nodes.all(), drafts).await.admitted, 60);
    }
}
