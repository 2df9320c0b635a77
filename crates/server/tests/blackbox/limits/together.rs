//! Limits that three nodes share.

use super::redis_server::RedisServer;
use super::{Tally, at_once, forgot, nodes, reset, together};

mod redis_and_postgres {
    use super::{RedisServer, Tally, at_once, forgot, nodes, reset, together};
    use crate::evidence::Experiment;

    /// Five requests for a link and three attempts to use one, of two hundred at once on all nodes.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn exactly_the_limit_of_two_hundred_concurrent_requests_is_admitted() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let title = "Of 200 concurrent attempts on all nodes, exactly the limit is admitted";
        let mut experiment = Experiment::begin("E07", title, &nodes.first().setup.database);
        let rounds = experiment.figure("rounds", 5, 20);
        let (mut links, mut uses, mut all) = (Vec::new(), Vec::new(), Tally::default());
        for round in 0..rounds {
            let client = |number| format!("203.0.{round}.{number}");
            let drafts = |number| vec![forgot(&client(number)); 200];
            let wave = together(nodes.all(), 5, drafts).await;
            links.push(wave.admitted);
            all += wave;
            let drafts = |number| vec![reset(&client(number)); 200];
            let wave = together(nodes.all(), 3, drafts).await;
            uses.push(wave.admitted);
            all += wave;
            experiment.tried(400);
        }
        let range =
            |admitted: &[usize]| (*admitted.iter().min().unwrap(), *admitted.iter().max().unwrap());
        for (what, (fewest, most), limit) in
            [("links", range(&links), 5), ("uses", range(&uses), 3)]
        {
            experiment.exactly(&format!("fewest_{what}_admitted_in_a_round"), fewest, limit);
            experiment.exactly(&format!("most_{what}_admitted_in_a_round"), most, limit);
        }
        experiment.exactly("answers_5xx", all.faults, 0);
        experiment.measure("nodes", nodes.all().len());
        experiment.measure("rounds", rounds);
        experiment.measure("waves_tried_again", all.again);
        experiment.conclude();
    }

    /// Limits of different actions and clients are independent.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_act_and_a_client_have_limits_of_their_own() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let title = "Each client has its own limit per operation, on all nodes";
        let mut experiment = Experiment::begin("E07", title, &nodes.first().setup.database);
        // Each of forty clients asks three times for a link, and four times tries to use one.
        let wave = together(nodes.all(), 40 * 6, |number| {
            let client = |n: usize| format!("198.51.{number}.{}", n % 40);
            let links = (0..40 * 3).map(|n| forgot(&client(n)));
            links.chain((0..40 * 4).map(|n| reset(&client(n)))).collect()
        })
        .await;
        experiment.tried(40 * 7);
        experiment.exactly("admitted", wave.admitted, 40 * 6);
        experiment.exactly("refused", wave.refused, 40);
        experiment.exactly("answers_5xx", wave.faults, 0);
        experiment.conclude();
    }

    /// Redis receives no email address, password or token.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_kept_are_networks_digests_and_moments() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let node = nodes.first();
        assert_eq!(node.sign_up("anna@example.com", "a good long password").await.status, 201);
        assert_eq!(node.sign_in("anna@example.com", "a good long password").await.status, 200);
        assert_eq!(at_once(nodes.all(), vec![forgot("2001:db8:1:2::3")]).await.admitted, 1);
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
