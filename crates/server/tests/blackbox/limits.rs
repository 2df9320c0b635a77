//! Rate limits on three nodes with one PostgreSQL and one Redis: exact with Redis, stricter without.
//!
//! The tests act as a trusted proxy, so they choose the client IPs.

mod clients;
mod clocks;
mod encrypted;
mod many_keys;
mod outages;
#[path = "../../../limits/tests/fixtures/server.rs"]
pub(crate) mod redis_server;
mod settings;
mod spoofs;
mod together;
mod window;

use std::ops::AddAssign;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::redis_server::RedisServer;
use crate::database::Database;
use crate::evidence::Nodes;
use crate::service::{Service, Setup, eventually};
use crate::wire::{Draft, Raw, Wire};

const FORGOT: &str = "/api/v1/auth/forgot-password";
const RESET: &str = "/api/v1/auth/reset-password";
const AWAY: &str = "shared rate limits unavailable, using stricter local limits";
const BACK: &str = "shared rate limits available again";
/// Upper limit until a Redis that is available is used.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// Returns a service with rate limits that trusts the test as a proxy.
async fn limited() -> Setup {
    Setup::on(Database::postgres().await)
        .with("VESTIBULE_LIMITS__ENABLED", "true")
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.0/8")
}

/// Three nodes on that Redis.
async fn nodes(redis: &RedisServer) -> Nodes {
    Nodes::start(limited().await.with("VESTIBULE_REDIS__URL", &redis.url())).await
}

/// A request for a link, by a client of that address.
fn forgot(client: &str) -> Draft {
    let body = json!({ "email": "unknown@example.com" }).to_string();
    Draft::json(FORGOT, body).header("X-Forwarded-For", client)
}

/// An attempt to use a link that is none, by a client of that address.
fn reset(client: &str) -> Draft {
    let body = json!({ "token": "nonsense", "new_password": "a good long password" }).to_string();
    Draft::json(RESET, body).header("X-Forwarded-For", client)
}

/// Counts of the answers to attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    admitted: usize,
    refused: usize,
    /// With a status of 500 or more.
    faults: usize,
    /// The longest `Retry-After`, in seconds.
    longest_wait: u64,
    /// Number of runs in which the machine was too busy for the attempts to count.
    again: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.admitted += other.admitted;
        self.refused += other.refused;
        self.faults += other.faults;
        self.longest_wait = self.longest_wait.max(other.longest_wait);
        self.again += other.again;
    }
}

impl Tally {
    fn add(&mut self, raw: &Raw) {
        if raw.status >= 500 {
            eprintln!("{raw:?}");
            self.faults += 1;
        } else if is_admitted(raw) {
            self.admitted += 1;
        } else {
            let wait = raw.header("retry-after").map_or(0, |seconds| seconds.parse().unwrap());
            self.longest_wait = self.longest_wait.max(wait);
            self.refused += 1;
        }
    }
}

/// All requests at once, each over a connection that was there before, over all nodes in turns.
async fn at_once(nodes: &[Service], drafts: Vec<Draft>) -> Tally {
    let (mut clients, start) = (JoinSet::new(), watch::Sender::new(false));
    for (draft, node) in drafts.into_iter().zip(nodes.iter().cycle()) {
        let mut wire = Wire::to(node.address()).await;
        let mut start = start.subscribe();
        clients.spawn(async move {
            start.wait_for(|started| *started).await.unwrap();
            wire.exchange(&draft).await
        });
    }
    start.send_replace(true);
    let mut tally = Tally::default();
    clients.join_all().await.iter().for_each(|raw| tally.add(raw));
    tally
}

/// Sends concurrent requests while Redis is available, and returns the responses. `drafts` creates
/// the requests of a client by its number.
///
/// An overloaded machine can make a node consider Redis unavailable, which it logs. Only then the
/// test tries again with the next client.
async fn together(
    nodes: &[Service],
    expected: usize,
    drafts: impl Fn(usize) -> Vec<Draft>,
) -> Tally {
    for number in 0..5 {
        let before = losses(nodes);
        let tally = Tally { again: number, ..at_once(nodes, drafts(number)).await };
        let is_lost = async || losses(nodes) > before;
        if tally.admitted == expected || !eventually(Duration::from_secs(5), is_lost).await {
            return tally;
        }
        all_back(nodes).await;
    }
    panic!("this machine is too busy to ask Redis at all");
}

/// Returns `true` if an attempt was admitted. Panics on an unexpected response.
fn is_admitted(raw: &Raw) -> bool {
    match raw.status {
        200 => true,
        400 => raw.problem() == "invalid_token",
        429 => {
            let seconds: u64 = raw.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds), "{raw:?}");
            assert_eq!(raw.problem(), "too_many_requests");
            false
        }
        _ => panic!("{raw:?}"),
    }
}

/// One request, and how long it took.
async fn timed(service: &Service, draft: &Draft) -> (Raw, Duration) {
    let mut wire = service.wire().await;
    let start = Instant::now();
    (wire.exchange(draft).await, start.elapsed())
}

/// Counts the log lines of a service with this message.
fn said(service: &Service, message: &str) -> usize {
    let quoted = format!("\"message\":\"{message}\"");
    service.log.lines().iter().filter(|line| line.contains(&quoted)).count()
}

/// Counts how often these nodes found Redis unavailable.
fn losses(nodes: &[Service]) -> usize {
    nodes.iter().map(|node| said(node, AWAY)).sum()
}

fn is_back(node: &Service) -> bool {
    said(node, BACK) >= said(node, AWAY)
}

/// Waits until no node uses Redis.
async fn all_away(nodes: &[Service]) {
    let away = async || !nodes.iter().any(is_back);
    assert!(eventually(BACK_WITHIN, away).await, "every node notices that Redis is away");
}

/// Waits until every node uses Redis again; answers how long that took.
async fn all_back(nodes: &[Service]) -> Duration {
    let start = Instant::now();
    // Longer than promised, so that there is a figure to judge.
    assert!(eventually(BACK_WITHIN * 3, async || nodes.iter().all(is_back)).await, "a way back");
    start.elapsed()
}
