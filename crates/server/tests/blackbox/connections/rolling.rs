//! A rolling restart behind a load balancer that checks readiness: no request fails.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::READY;
use crate::database::Database;
use crate::evidence::{Experiment, Nodes, millis, percentile, rounded};
use crate::service::{Setup, eventually};
use crate::wire::{Draft, Raw, Wire};

const PASSWORD: &str = "a good long password";
const EMAIL: &str = "anna@example.com";

/// The nodes that the load balancer sends requests to.
type Pool = Arc<Mutex<Vec<String>>>;

/// Results of the requests.
#[derive(Default)]
struct Outcome {
    answered: usize,
    /// 5xx, cut off, or refused.
    failed: Vec<String>,
    took: Vec<Duration>,
}

mod a_rolling_restart_fails_no_request {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        super::a_rolling_restart_fails_no_request(super::Database::postgres().await).await;
    }
}

async fn a_rolling_restart_fails_no_request(database: Database) {
    let title = "A rolling restart under load fails no request";
    let mut experiment = Experiment::begin("E13", title, &database);
    let restarts = experiment.figure("restarts", 3, 100);
    let mut nodes = Nodes::start(Setup::on(database)).await;
    nodes.first().sign_up(EMAIL, PASSWORD).await;
    // An account of its own: the sign-ins of the other end its oldest sessions.
    let token = nodes.first().sign_up("zoe@example.com", PASSWORD).await.token();
    let addresses: Vec<String> = nodes.all().iter().map(|node| node.address().to_owned()).collect();
    let known = Arc::new(Mutex::new(addresses.clone()));
    let pool: Pool = Arc::new(Mutex::new(addresses));
    let over = Arc::new(AtomicBool::new(false));
    let mut helpers = JoinSet::new();
    helpers.spawn(balance(known.clone(), pool.clone(), over.clone()));
    let mut clients = JoinSet::new();
    // Sign-ins, which take a hash each, and quick requests.
    for client in 0..8 {
        let (pool, over, token) = (pool.clone(), over.clone(), token.clone());
        clients.spawn(async move { ask(client, &pool, &over, &token).await });
    }

    let mut slowest = Duration::ZERO;
    for restart in 0..restarts {
        let node = &mut nodes.all_mut()[restart % 3];
        let start = Instant::now();
        let status = node.terminate().await;
        slowest = slowest.max(start.elapsed());
        assert_eq!(status.code(), Some(0), "restart {restart}");
        node.restart().await;
        node.address().clone_into(&mut known.lock().unwrap()[restart % 3]);
        // The next one goes when this one is back, as an operator would wait.
        let back = node.address().to_owned();
        let is_back = async || pool.lock().unwrap().contains(&back);
        assert!(eventually(Duration::from_secs(10), is_back).await);
    }
    over.store(true, Ordering::Relaxed);
    let mut all = Outcome::default();
    for outcome in clients.join_all().await {
        all.answered += outcome.answered;
        all.failed.extend(outcome.failed);
        all.took.extend(outcome.took);
    }
    helpers.join_all().await;
    eprintln!("{:#?}", all.failed);
    experiment.tried(all.answered + all.failed.len());
    experiment.measure("restarts", restarts);
    experiment.measure("p99_ms", millis(percentile(&mut all.took, 99)));
    experiment.exactly("requests_failed", all.failed.len(), 0);
    experiment.at_most("slowest_stop_s", rounded(slowest.as_secs_f64()), 30.0);
    experiment.conclude();
}

/// Sends requests to the nodes that report ready, checked five times a second.
async fn balance(known: Pool, pool: Pool, over: Arc<AtomicBool>) {
    let mut pace = interval(Duration::from_millis(200));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !over.load(Ordering::Relaxed) {
        pace.tick().await;
        let all = known.lock().unwrap().clone();
        let mut ready = Vec::new();
        for address in all {
            if status(&address, &Draft::new("GET", READY)).await.ok() == Some(200) {
                ready.push(address);
            }
        }
        *pool.lock().unwrap() = ready;
    }
}

/// Sends requests without retries, each on a new connection to another node.
async fn ask(client: usize, pool: &Pool, over: &AtomicBool, token: &str) -> Outcome {
    let body = serde_json::json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let sign_in = Draft::json("/api/v1/auth/signin", body);
    let me = Draft::new("GET", "/api/v1/auth/me").bearing(token);
    let draft = if client == 0 { &sign_in } else { &me };
    let mut outcome = Outcome::default();
    let mut pace = interval(Duration::from_millis(70));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for turn in client.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        pace.tick().await;
        let ready = pool.lock().unwrap().clone();
        assert!(!ready.is_empty(), "no node is ready");
        let start = Instant::now();
        match status(&ready[turn % ready.len()], draft).await {
            Ok(200) => outcome.answered += 1,
            Ok(other) => outcome.failed.push(format!("{other}")),
            Err(error) => outcome.failed.push(error),
        }
        outcome.took.push(start.elapsed());
    }
    outcome
}

async fn status(address: &str, draft: &Draft) -> Result<u16, String> {
    answer(address, draft).await.map(|raw| raw.status)
}

/// An answer on a connection of its own, or why there is none.
pub(super) async fn answer(address: &str, draft: &Draft) -> Result<Raw, String> {
    let asking = async {
        let mut wire = Wire::reach(address).await.map_err(|error| error.to_string())?;
        wire.try_send(draft).await.map_err(|error| error.to_string())?;
        wire.receive().await.ok_or("cut off".to_owned())
    };
    let answer = timeout(Duration::from_secs(10), asking).await;
    answer.unwrap_or_else(|_| Err("no answer".to_owned()))
}
