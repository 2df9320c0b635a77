//! Limits on three nodes with one PostgreSQL and one Redis: exact together, strict apart.
//!
//! Clients are told apart by what a trusted proxy says, which here is the test itself.

mod clients;
mod encrypted;
mod outages;
#[path = "../../../limits/tests/fixtures/server.rs"]
mod redis_server;
mod settings;
mod together;

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
const AWAY: &str = "the shared limits are away; this node limits by itself, more strictly";
const BACK: &str = "the shared limits are back";
/// How long it may take until a Redis that is there is used.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// A service that limits, and believes the test about who is calling.
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
    let body = json!({ "email": "nobody@example.com" }).to_string();
    Draft::json(FORGOT, body).header("X-Forwarded-For", client)
}

/// An attempt to use a link that is none, by a client of that address.
fn reset(client: &str) -> Draft {
    let body = json!({ "token": "nonsense", "new_password": "a good long password" }).to_string();
    Draft::json(RESET, body).header("X-Forwarded-For", client)
}

/// All requests at once, each over a connection that was there before, over all nodes in turns;
/// how many were not refused. Insists that the others were, in order.
async fn admitted(nodes: &Nodes, drafts: Vec<Draft>) -> usize {
    let (mut clients, start) = (JoinSet::new(), watch::Sender::new(false));
    for (number, draft) in drafts.into_iter().enumerate() {
        let mut wire = Wire::to(nodes.turn(number).address()).await;
        let mut start = start.subscribe();
        clients.spawn(async move {
            start.wait_for(|started| *started).await.unwrap();
            wire.exchange(&draft).await
        });
    }
    start.send_replace(true);
    let answers = clients.join_all().await;
    answers.iter().filter(|raw| is_admitted(raw)).count()
}

/// Insists on how many of these are admitted while Redis is there. `drafts` makes them for a client
/// of that number.
///
/// A machine that has no time left can make a node take Redis for away, which it logs. Only then the
/// next client has a try.
async fn together(nodes: &Nodes, expected: usize, drafts: impl Fn(usize) -> Vec<Draft>) {
    for number in 0..5 {
        let losses = || nodes.all().iter().map(|node| said(node, AWAY)).sum::<usize>();
        let before = losses();
        let count = admitted(nodes, drafts(number)).await;
        if count == expected {
            return;
        }
        let busy = eventually(Duration::from_secs(5), async || losses() > before).await;
        assert!(busy, "{count} instead of {expected} were admitted");
        let is_back = |node: &Service| said(node, BACK) >= said(node, AWAY);
        assert!(eventually(BACK_WITHIN, async || nodes.all().iter().all(is_back)).await);
    }
    panic!("this machine is too busy to ask Redis at all");
}

/// Whether an attempt got past the limit. Insists on what an answer may be, faults are not.
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

/// How often a service has said something.
fn said(service: &Service, message: &str) -> usize {
    let quoted = format!("\"message\":\"{message}\"");
    service.log.lines().iter().filter(|line| line.contains(&quoted)).count()
}

/// Waits until every node has said something so often.
async fn all_say(nodes: &Nodes, message: &str, times: usize) {
    let said = async || nodes.all().iter().all(|node| said(node, message) >= times);
    assert!(eventually(BACK_WITHIN, said).await, "{message:?} in time, {times} times");
}
