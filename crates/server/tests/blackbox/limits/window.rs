//! The window slides: within any sixty seconds no more than the limit, wherever a minute begins.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::interval_at;

use super::redis_server::RedisServer;
use super::{all_back, forgot, losses, nodes};
use crate::database::Database;
use crate::evidence::{Dice, Experiment, rounded};
use crate::service::{Service, Setup};
use crate::wire::Wire;

const WINDOW: Duration = Duration::from_mins(1);
const LIMIT: usize = 5;
const TITLE: &str = "The window slides: five requests within any 60 seconds, no more and no fewer";

/// A client that sends a few requests, pauses, and then sends requests without a pause.
struct Visitor {
    address: String,
    early: usize,
    storm: Duration,
}

/// Times at which an admitted attempt was made and answered.
type Moment = (Instant, Instant);

/// Asks once; answers when, if that was admitted.
async fn ask(node: &str, client: &str) -> Option<Moment> {
    let (mut wire, asked) = (Wire::to(node).await, Instant::now());
    let raw = wire.exchange(&forgot(client)).await;
    assert!(raw.status == 200 || raw.problem() == "too_many_requests", "{raw:?}");
    (raw.status == 200).then(|| (asked, Instant::now()))
}

/// The admitted attempts of one visitor, over all nodes in turns.
async fn visit(visitor: Visitor, nodes: Vec<String>) -> Vec<Moment> {
    let Visitor { address, early, storm } = visitor;
    let (begun, mut admitted) = (Instant::now(), Vec::new());
    for node in nodes.iter().cycle().take(early) {
        admitted.extend(ask(node, &address).await);
    }
    // By then all early ones have left the window, and none of the storm.
    let end = Instant::now() + WINDOW + Duration::from_secs(4);
    let mut pace = interval_at((begun + storm).into(), Duration::from_millis(500));
    pace.tick().await;
    for (number, node) in nodes.iter().cycle().enumerate() {
        if Instant::now() > end {
            break;
        }
        admitted.extend(ask(node, &address).await);
        if number > LIMIT {
            pace.tick().await;
        }
    }
    admitted
}

/// Runs many clients at a time, with the expected number of admitted attempts for each.
async fn visits(nodes: &[Service], dice: &mut Dice, count: usize) -> Vec<(usize, Vec<Moment>)> {
    let addresses: Vec<String> = nodes.iter().map(|node| node.address().to_owned()).collect();
    let (mut visits, area) = (JoinSet::new(), dice.below(250));
    for number in 0..count {
        let early = 1 + usize::try_from(dice.below(4)).unwrap();
        let storm = Duration::from_millis(35_000 + dice.below(23_000));
        let visitor = Visitor { address: format!("10.{area}.0.{number}"), early, storm };
        let visit = visit(visitor, addresses.clone());
        // Five, and as many again as have left meanwhile.
        visits.spawn(async move { (LIMIT + early, visit.await) });
    }
    visits.join_all().await
}

async fn observe(nodes: &[Service], mut experiment: Experiment) {
    let (count, mut dice) = (experiment.figure("visitors", 20, 60), experiment.dice());
    let mut again = 0;
    let visits = loop {
        let before = losses(nodes);
        let visits = visits(nodes, &mut dice, count).await;
        if losses(nodes) == before {
            break visits;
        }
        // A node that takes Redis for away, because the machine is busy, admits its share.
        again += 1;
        assert!(again < 3, "this machine is too busy to ask Redis at all");
        all_back(nodes).await;
    };
    let spans = visits.iter().flat_map(|(_, admitted)| admitted.windows(LIMIT + 1));
    let shortest = spans.map(|some| some[LIMIT].1 - some[0].0).min();
    let shortest = shortest.expect("a client was admitted more than five times");
    let other = visits.iter().filter(|(expected, admitted)| admitted.len() != *expected);
    experiment.tried(visits.iter().map(|(_, admitted)| admitted.len()).sum());
    experiment.measure("nodes", nodes.len());
    experiment.measure("visitors", count);
    experiment.measure("times_tried_again", again);
    experiment.at_least(
        "shortest_time_for_six_s",
        rounded(shortest.as_secs_f64()),
        WINDOW.as_secs_f64(),
    );
    experiment.exactly("visitors_admitted_more_or_less_often", other.count(), 0);
    experiment.conclude();
}

mod redis_and_postgres {
    use super::{Experiment, RedisServer, TITLE, nodes, observe};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_minute_on_three_nodes_holds_more_than_the_limit() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let experiment = Experiment::begin("E07", TITLE, &nodes.first().setup.database);
        observe(nodes.all(), experiment).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_minute_of_a_node_alone_holds_more_than_the_limit() {
    let experiment = Experiment::begin("E07", TITLE, &Database::sqlite());
    let setup = Setup::on(Database::sqlite())
        .with("VESTIBULE_LIMITS__ENABLED", "true")
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.0/8");
    observe(&[setup.start().await], experiment).await;
}
