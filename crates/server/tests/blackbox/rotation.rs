//! Key rotation under load on several nodes, during which no session ends (E16).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::database::Database;
use crate::encodings::from_base64url;
use crate::evidence::{Experiment, Nodes};
use crate::on_both_databases;
use crate::people::Answer;
use crate::service::{Setup, eventually};

on_both_databases! {
    keys_are_rotated_under_load_and_no_session_ends;
}

const EMAIL: &str = "anna@example.com";
/// A separate user for repeated sign-ins, because the sessions of an account are limited.
const BUSY: &str = "ben@example.com";
const PASSWORD: &str = "a good long password";
/// The time before a new key is used, with a margin.
const LEAD: Duration = Duration::from_secs(10);
const FIVE_SECONDS: u64 = 5000;

async fn keys_are_rotated_under_load_and_no_session_ends(database: Database) {
    let title = "Rotation under load refuses no valid token; retired keys are refused within 5 s";
    let mut experiment = Experiment::begin("E16", title, &database);
    let rotations = experiment.figure("rotations", 1, 5);
    let nodes = Nodes::start(Setup::on(database)).await;
    nodes.first().sign_up(EMAIL, PASSWORD).await;
    nodes.first().sign_up(BUSY, PASSWORD).await;
    let first = nodes.first().sign_in(EMAIL, PASSWORD).await.token();
    let load = Load::begin(&nodes);
    let mut seen = BTreeSet::from([kid(&first)]);
    for _ in 0..rotations {
        nodes.first().run(&["keys", "rotate", "access"]).await;
        nodes.share_keys();
        for node in nodes.all() {
            let signs = async || !seen.contains(&kid(&node.sign_in(BUSY, PASSWORD).await.token()));
            assert!(eventually(LEAD, signs).await, "a new key signs after its lead");
        }
        seen.insert(kid(&nodes.first().sign_in(BUSY, PASSWORD).await.token()));
        assert_eq!(nodes.turn(1).me(&first).await.status, 200, "the old one goes on verifying");
    }
    let (requests, refused) = load.stop().await;

    let retired = kid(&first);
    nodes.first().run(&["keys", "retire", &retired]).await;
    nodes.share_keys();
    let since = Instant::now();
    for node in nodes.all() {
        let refused = async || node.me(&first).await.status == 401;
        assert!(eventually(LEAD, refused).await, "what a retired key signed is refused");
    }
    let took = u64::try_from(since.elapsed().as_millis()).unwrap();
    experiment.tried(requests);
    experiment.measure("nodes", nodes.all().len());
    experiment.measure("rotations", rotations);
    experiment.exactly("keys_seen", seen.len(), rotations + 1);
    experiment.exactly("unexpected_refusals", refused, 0);
    experiment.at_most("refused_everywhere_after_retirement_ms", took, FIVE_SECONDS);
    experiment.conclude();
}

/// The key that signed a token.
fn kid(token: &str) -> String {
    let footer = from_base64url(token.rsplit('.').next().unwrap());
    let footer: serde_json::Value = serde_json::from_slice(&footer).unwrap();
    footer["kid"].as_str().unwrap().to_owned()
}

/// Clients that repeatedly sign in on one node and use the token on another.
struct Load {
    clients: JoinSet<(usize, usize)>,
    enough: CancellationToken,
}

impl Load {
    fn begin(nodes: &Nodes) -> Self {
        let bases: Vec<String> = nodes.all().iter().map(|node| node.url("")).collect();
        let (mut clients, enough) = (JoinSet::new(), CancellationToken::new());
        for client in 0..2 {
            let (bases, enough) = (bases.clone(), enough.clone());
            let http = nodes.first().http.clone();
            clients.spawn(async move {
                let (mut requests, mut refused) = (0, 0);
                let base = |turn: usize| &bases[turn % bases.len()];
                for turn in client.. {
                    if enough.is_cancelled() {
                        break;
                    }
                    let body = serde_json::json!({ "email": BUSY, "password": PASSWORD });
                    let sign_in = format!("{}/api/v1/auth/signin", base(turn));
                    let answer = http.post(sign_in).json(&body).send().await.unwrap();
                    let token = Answer::of(answer).await.token();
                    for hop in 1..=20 {
                        let me = format!("{}/api/v1/auth/me", base(turn + hop));
                        let answer = http.get(me).bearer_auth(&token).send().await.unwrap();
                        requests += 1;
                        refused += usize::from(answer.status() != 200);
                    }
                }
                (requests, refused)
            });
        }
        Self { clients, enough }
    }

    /// Stops the clients. Returns the number of requests and the number of refused ones.
    async fn stop(self) -> (usize, usize) {
        self.enough.cancel();
        let counts = self.clients.join_all().await;
        counts.into_iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}
