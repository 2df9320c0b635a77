//! Three nodes whose Redis is killed, stopped, cut off, emptied, or not there yet.

use std::time::{Duration, Instant};

use tokio::time::interval;

use super::redis_server::RedisServer;
use super::{
    BACK_WITHIN, Nodes, Tally, all_away, all_back, at_once, forgot, limited, nodes, said, timed,
    together,
};
use crate::evidence::{Experiment, millis, rounded};
use crate::people::Answer;
use crate::proxy::Proxy;

/// Extra delay that one request may have.
const BEARABLE: Duration = Duration::from_millis(300);
/// Lower bound for the duration of an undelayed request on a busy machine.
const USUAL: Duration = Duration::from_millis(200);
/// Attempts of a client while Redis is unavailable: a third of five, rounded down, on each of three
/// nodes.
const SHARES: usize = 3;
const EMAIL: &str = "anna@example.com";
const PASSWORD: &str = "a good long password";

/// Measurements of an outage from outside.
struct Observer {
    slowest_before: Duration,
    slowest_first: Duration,
    slowest_later: Duration,
    slowest_way_back: Duration,
    all: Tally,
    /// The fewest and the most that were admitted of a wave of two hundred.
    away: Vec<usize>,
    back: Vec<usize>,
    beyond_share: usize,
    /// A session that goes on, and one that is over.
    live: String,
    ended: String,
    revived: usize,
    lost: usize,
}

impl Observer {
    /// Measures while Redis is available.
    async fn begin(nodes: &Nodes) -> Self {
        let node = nodes.first();
        let live = node.sign_up(EMAIL, PASSWORD).await.token();
        let ended = node.sign_in(EMAIL, PASSWORD).await.token();
        let request = node.http.post(node.url("/api/v1/auth/signout")).bearer_auth(&ended);
        assert_eq!(Answer::of(request.send().await.unwrap()).await.status, 204);
        let (mut slowest_before, mut all) = (Duration::ZERO, Tally::default());
        for number in 0..30 {
            let (raw, took) = timed(nodes.turn(number), &forgot("192.0.2.1")).await;
            all.add(&raw);
            slowest_before = slowest_before.max(took);
        }
        Self {
            slowest_before,
            slowest_first: Duration::ZERO,
            slowest_later: Duration::ZERO,
            slowest_way_back: Duration::ZERO,
            all,
            away: Vec::new(),
            back: Vec::new(),
            beyond_share: 0,
            live,
            ended,
            revived: 0,
            lost: 0,
        }
    }

    /// Measures right after Redis stopped. The first request on each node detects it; no other waits,
    /// and none is admitted beyond the node's share.
    async fn notice(&mut self, nodes: &Nodes, client: &str) {
        for node in nodes.all() {
            let (raw, took) = timed(node, &forgot(client)).await;
            self.all.add(&raw);
            self.slowest_first = self.slowest_first.max(took);
        }
        all_away(nodes.all()).await;
        self.beyond_share += self.insist(nodes, client).await;
    }

    /// Ten attempts of a client on each node, while Redis is away; how many are admitted.
    async fn insist(&mut self, nodes: &Nodes, client: &str) -> usize {
        let before = self.all.admitted;
        for number in 0..10 * nodes.all().len() {
            let (raw, took) = timed(nodes.turn(number), &forgot(client)).await;
            self.all.add(&raw);
            self.slowest_later = self.slowest_later.max(took);
        }
        self.all.admitted - before
    }

    /// Sends requests of one client after the other for this time.
    async fn crowd(&mut self, nodes: &Nodes, within: Duration) {
        let (start, mut pace) = (Instant::now(), interval(Duration::from_millis(500)));
        for client in 0.. {
            pace.tick().await;
            if start.elapsed() >= within {
                break;
            }
            let client = format!("203.0.{}.{}", 120 + client / 250, client % 250);
            self.beyond_share += self.insist(nodes, &client).await.saturating_sub(SHARES);
        }
    }

    /// Two hundred at once while Redis is away.
    async fn wave_away(&mut self, nodes: &Nodes, client: &str) {
        let wave = at_once(nodes.all(), vec![forgot(client); 200]).await;
        self.away.push(wave.admitted);
        self.all += wave;
    }

    /// Measures right after Redis is available again.
    async fn return_of(&mut self, nodes: &Nodes, site: usize) {
        let start = Instant::now();
        self.look_at_sessions(nodes).await;
        all_back(nodes.all()).await;
        self.slowest_way_back = self.slowest_way_back.max(start.elapsed());
        let client = |number| format!("203.{site}.114.{number}");
        let wave = together(nodes.all(), 5, |number| vec![forgot(&client(number)); 200]).await;
        self.back.push(wave.admitted);
        self.all += wave;
        self.look_at_sessions(nodes).await;
    }

    async fn look_at_sessions(&mut self, nodes: &Nodes) {
        for node in nodes.all() {
            self.revived += usize::from(node.me(&self.ended).await.status != 401);
            self.lost += usize::from(node.me(&self.live).await.status != 200);
        }
    }

    fn conclude(self, mut experiment: Experiment) {
        experiment.tried(self.all.admitted + self.all.refused + self.all.faults);
        experiment.exactly("answers_5xx", self.all.faults, 0);
        experiment.measure("slowest_answer_before_ms", millis(self.slowest_before));
        let usual = self.slowest_before.max(USUAL);
        experiment.at_most(
            "slowest_first_answer_ms",
            millis(self.slowest_first),
            millis(usual + BEARABLE),
        );
        experiment.at_most("slowest_later_answer_ms", millis(self.slowest_later), millis(usual));
        experiment.exactly("admitted_beyond_a_nodes_share", self.beyond_share, 0);
        for (what, waves, limit) in [("away", &self.away, SHARES), ("back", &self.back, 5)] {
            let (fewest, most) = (waves.iter().min().unwrap(), waves.iter().max().unwrap());
            experiment.exactly(&format!("fewest_of_200_admitted_{what}"), *fewest, limit);
            experiment.exactly(&format!("most_of_200_admitted_{what}"), *most, limit);
        }
        experiment.exactly("ended_sessions_revived", self.revived, 0);
        experiment.exactly("living_sessions_lost", self.lost, 0);
        experiment.at_most(
            "back_within_s",
            rounded(self.slowest_way_back.as_secs_f64()),
            BACK_WITHIN.as_secs_f64(),
        );
        experiment.conclude();
    }
}

mod redis_and_postgres {
    use super::super::AWAY;
    use super::{
        Duration, Experiment, Instant, Nodes, Observer, Proxy, RedisServer, Tally, all_back,
        at_once, forgot, limited, nodes, rounded, said, together,
    };

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_node_alone_admits_its_share_until_a_killed_server_is_back() {
        let mut redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let title = "A killed Redis costs one wait; nodes then admit their share";
        let mut experiment = Experiment::begin("E10", title, &nodes.first().setup.database);
        let kills = experiment.figure("kills", 1, 20);
        experiment.measure("kills", kills);
        let mut observer = Observer::begin(&nodes).await;
        let (mut most_again, mut known_ones) = (0, 0);
        for kill in 0..kills {
            let client = |number: usize| format!("203.{kill}.113.{number}");
            let before = at_once(nodes.all(), vec![forgot(&client(1)); 60]).await;
            assert!(before.admitted >= 5, "{before:?}");
            redis.kill().await;
            observer.notice(&nodes, &client(2)).await;
            observer.wave_away(&nodes, &client(3)).await;
            // Nodes remember the clients that they admitted before.
            let again = at_once(nodes.all(), vec![forgot(&client(1)); 200]).await;
            most_again = most_again.max(again.admitted);
            known_ones += at_once(nodes.all(), vec![forgot(&client(1)); 200]).await.admitted;
            redis.restart().await;
            observer.return_of(&nodes, kill).await;
        }
        experiment.at_most("most_admitted_of_a_client_that_used_its_limit", most_again, 2);
        experiment.exactly("admitted_once_all_shares_were_used", known_ones, 0);
        let lines: Vec<String> = nodes.all().iter().flat_map(|node| node.log.lines()).collect();
        let about = lines.iter().filter(|line| line.contains("shared rate limits"));
        assert!(about.clone().count() >= 6 * kills);
        let names_a_client = |line: &&String| {
            [".113.", ".114.", "127.0.0"].iter().any(|address| line.contains(address))
        };
        assert_eq!(about.filter(names_a_client).count(), 0, "{lines:#?}");
        observer.conclude(experiment);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_hanging_redis_is_not_used_until_it_recovers() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let title = "A hanging Redis costs one wait; nodes then admit their share";
        let mut experiment = Experiment::begin("E10", title, &nodes.first().setup.database);
        let seconds = experiment.figure("pause_seconds", 1, 60);
        experiment.measure("paused_for_s", seconds);
        let mut observer = Observer::begin(&nodes).await;
        redis.pause().await;
        observer.notice(&nodes, "203.0.113.1").await;
        observer.wave_away(&nodes, "203.0.113.2").await;
        observer.crowd(&nodes, Duration::from_secs(u64::try_from(seconds).unwrap())).await;
        redis.resume().await;
        observer.return_of(&nodes, 0).await;
        observer.conclude(experiment);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn dropped_packets_to_redis_cost_one_timeout() {
        let redis = RedisServer::start().await;
        let proxy = Proxy::before(&redis.url()).await;
        let setup = limited().await.with("VESTIBULE_REDIS__URL", &proxy.stand_in(&redis.url()));
        let nodes = Nodes::start(setup).await;
        let title = "A silent network to Redis costs one wait; nodes then admit their share";
        let experiment = Experiment::begin("E10", title, &nodes.first().setup.database);
        let mut observer = Observer::begin(&nodes).await;
        for round in 0..experiment.figure("black_holes", 1, 10) {
            proxy.be_silent();
            observer.notice(&nodes, &format!("203.{round}.113.1")).await;
            observer.wave_away(&nodes, &format!("203.{round}.113.2")).await;
            proxy.carry_new_ones();
            observer.return_of(&nodes, round).await;
        }
        observer.conclude(experiment);
    }

    /// An emptied server forgets what it counted, but no node forgets what it admitted, and nothing
    /// but limits is kept there.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_is_emptied_ends_no_session_and_no_limit() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let title = "A Redis that is flushed repeatedly affects no session and no node's limit";
        let mut experiment = Experiment::begin("E10", title, &nodes.first().setup.database);
        let mut observer = Observer::begin(&nodes).await;
        let (flushes, start) = (experiment.figure("flushes", 5, 50), Instant::now());
        let mut all = Tally::default();
        for _ in 0..flushes {
            redis.command("FLUSHALL").await;
            all += at_once(nodes.all(), vec![forgot("203.0.113.1"); 60]).await;
        }
        assert!(start.elapsed() < Duration::from_secs(59), "within one window");
        observer.look_at_sessions(&nodes).await;
        experiment.tried(60 * flushes);
        experiment.measure("flushes", flushes);
        experiment.exactly("answers_5xx", all.faults, 0);
        assert!(all.admitted >= 5, "{all:?}");
        experiment.at_most("admitted_in_a_minute", all.admitted, 5 * nodes.all().len());
        experiment.exactly("ended_sessions_revived", observer.revived, 0);
        experiment.exactly("living_sessions_lost", observer.lost, 0);
        experiment.conclude();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nodes_start_without_redis_and_connect_later() {
        let mut redis = RedisServer::start().await;
        redis.kill().await;
        let setup = limited().await.with("VESTIBULE_REDIS__NODES", "2");
        let nodes = Nodes::start(setup.with("VESTIBULE_REDIS__URL", &redis.url())).await;
        let title = "Nodes start without Redis, with their share, and connect later";
        let mut experiment = Experiment::begin("E10", title, &nodes.first().setup.database);
        for node in nodes.all() {
            assert_eq!(said(node, AWAY), 1, "{:#?}", node.log.lines());
        }
        // Half of five on each of three nodes, because `redis.nodes` is 2.
        let away = at_once(nodes.all(), vec![forgot("203.0.113.1"); 200]).await;
        experiment.exactly("of_200_admitted_before", away.admitted, 6);
        redis.restart().await;
        let took = all_back(nodes.all()).await;
        experiment.at_most("back_within_s", rounded(took.as_secs_f64()), 10.0);
        let client = |number| format!("203.0.114.{number}");
        let back = together(nodes.all(), 5, |number| vec![forgot(&client(number)); 200]).await;
        experiment.exactly("of_200_admitted_afterwards", back.admitted, 5);
        experiment.exactly("answers_5xx", away.faults + back.faults, 0);
        experiment.tried(400);
        experiment.conclude();
    }
}
