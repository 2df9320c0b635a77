//! Revocation: time until ended sessions are refused on all nodes, for each cause (E09).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::database::{Database, execute};
use crate::evidence::{Experiment, Nodes};
use crate::on_both_databases;
use crate::pages::browser::Browser;
use crate::service::{Service, Setup};

on_both_databases! {
    what_is_ended_is_over_at_once_and_soon_on_every_node;
}

const PASSWORD: &str = "the password so far";
const NEXT: &str = "the password to come";
const OWNER: &str = "admin@example.com";
/// Number of access tokens, and of browser sessions.
const DEVICES: usize = 5;
/// Index of the node that ends sessions.
const ACKNOWLEDGING: usize = 1;

/// A cause for the end of sessions.
#[derive(Clone, Copy, Debug)]
enum Cause {
    Reset,
    Change,
    Deactivation,
    Deletion,
    Administrator,
    OtherSessions,
    SignOut,
}

const CAUSES: [Cause; 7] = [
    Cause::Reset,
    Cause::Change,
    Cause::Deactivation,
    Cause::Deletion,
    Cause::Administrator,
    Cause::OtherSessions,
    Cause::SignOut,
];

async fn what_is_ended_is_over_at_once_and_soon_on_every_node(database: Database) {
    let title = "An ended session is refused at once, and on other nodes within a second";
    let mut experiment = Experiment::begin("E09", title, &database);
    let rounds = experiment.figure("rounds", 1, 20);
    let mut nodes = Nodes::start(Setup::on(database)).await;
    nodes.first().sign_up(OWNER, PASSWORD).await;
    let db = nodes.first().database().await;
    assert_eq!(execute(&db, "UPDATE users SET is_admin = true").await, 1);

    let (mut late, mut late_where_acknowledged) = (0, 0);
    let (mut latest, mut survivors) = (Duration::ZERO, 0);
    let mut ended = Vec::new();
    for round in 0..rounds {
        for cause in CAUSES {
            let person = Person::with_devices(&nodes, round, cause).await;
            let polls = Polls::begin(&nodes, &person);
            polls.until_each_has_succeeded().await;
            person.end(&nodes, cause).await;
            let acknowledged = Instant::now();
            let outcome = polls.stop_after(acknowledged).await;
            late += outcome.late;
            late_where_acknowledged += outcome.late_where_acknowledged;
            latest = latest.max(outcome.latest);
            survivors += person.survivors(&nodes).await;
            experiment.tried(outcome.polls);
            ended.push(person);
        }
    }
    for node in nodes.all_mut() {
        node.kill().await;
        node.restart().await;
    }
    let mut revived = 0;
    for person in &ended {
        revived += person.survivors(&nodes).await;
    }
    experiment.measure("nodes", nodes.all().len());
    experiment.measure("causes", CAUSES.len());
    experiment.measure("sessions_per_person", 2 * DEVICES);
    experiment.exactly("late_answers_of_the_node_that_acknowledged", late_where_acknowledged, 0);
    experiment.measure("late_answers_of_all_nodes", late);
    // The staleness that `sessions.max_staleness` allows on other nodes.
    experiment.at_most("latest_such_answer_ms", millis(latest), 1000);
    experiment.exactly("survivors", survivors, 0);
    experiment.exactly("revived_by_a_restart", revived, 0);
    experiment.conclude();
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

/// A user with many devices, one of which ends sessions.
struct Person {
    email: String,
    here: String,
    /// Bearer tokens that are to become invalid; `cookies` likewise.
    tokens: Vec<String>,
    cookies: Vec<String>,
}

impl Person {
    async fn with_devices(nodes: &Nodes, round: usize, cause: Cause) -> Self {
        let email = format!("{cause:?}{round}@example.com").to_lowercase();
        let here = nodes.first().sign_up(&email, PASSWORD).await.token();
        let (mut tokens, mut cookies) = (Vec::new(), Vec::new());
        for device in 0..DEVICES {
            let node = nodes.turn(device);
            tokens.push(node.sign_in(&email, PASSWORD).await.token());
            let browser = Browser::of(node);
            browser.sign_in(&email, PASSWORD).await.leads_to("/account");
            cookies.push(browser.cookie("session").unwrap());
        }
        match cause {
            // Signing out ends only its own session; other causes keep it or end it as well.
            Cause::SignOut => (tokens, cookies) = (vec![here.clone()], Vec::new()),
            Cause::Change | Cause::OtherSessions => {}
            Cause::Reset | Cause::Deactivation | Cause::Deletion | Cause::Administrator => {
                tokens.push(here.clone());
            }
        }
        Self { email, here, tokens, cookies }
    }

    /// Ends sessions. Returns once the service has acknowledged it.
    async fn end(&self, nodes: &Nodes, cause: Cause) {
        let node = nodes.turn(ACKNOWLEDGING);
        let status = match cause {
            Cause::Reset => {
                let link = nodes.first().reset_link(&self.email).await;
                node.reset(&link, NEXT).await.status
            }
            Cause::Change => node.change(&self.here, PASSWORD, NEXT).await.status,
            Cause::Deactivation => {
                let change = json!({ "is_active": false });
                self.administer(node, reqwest::Method::PATCH, "", Some(change)).await
            }
            Cause::Deletion => self.administer(node, reqwest::Method::DELETE, "", None).await,
            Cause::Administrator => {
                self.administer(node, reqwest::Method::DELETE, "/sessions", None).await
            }
            Cause::OtherSessions => {
                let all = node.url("/api/v1/auth/sessions");
                let request = node.http.delete(all).bearer_auth(&self.here);
                request.send().await.unwrap().status().as_u16()
            }
            Cause::SignOut => {
                node.post_as(&self.here, "/api/v1/auth/signout", json!({})).await.status
            }
        };
        assert!([200, 204].contains(&status), "{cause:?}: {status}");
    }

    async fn administer(
        &self,
        node: &Service,
        method: reqwest::Method,
        act: &str,
        body: Option<serde_json::Value>,
    ) -> u16 {
        let admin = node.sign_in(OWNER, PASSWORD).await.token();
        let id = node.me(&self.here).await.body["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/admin/users/{id}{act}");
        let mut request = node.http.request(method, node.url(&path)).bearer_auth(admin);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// Number of ended tokens and cookies that a node still accepts.
    async fn survivors(&self, nodes: &Nodes) -> u64 {
        let (http, mut survivors) = (client(), 0);
        for node in nodes.all() {
            for proof in self.proofs() {
                survivors += u64::from(proof.opens(&http, &node.url("")).await.1);
            }
        }
        survivors
    }

    fn proofs(&self) -> impl Iterator<Item = Proof> {
        let tokens = self.tokens.iter().map(|token| Proof::Token(token.clone()));
        tokens.chain(self.cookies.iter().map(|cookie| Proof::Cookie(cookie.clone())))
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// The credentials of a device.
#[derive(Clone)]
enum Proof {
    Token(String),
    Cookie(String),
}

impl Proof {
    /// Returns when the request was sent, and `true` if it was authenticated.
    async fn opens(&self, http: &reqwest::Client, base: &str) -> (Instant, bool) {
        let request = match self {
            Self::Token(token) => http.get(format!("{base}/api/v1/auth/me")).bearer_auth(token),
            Self::Cookie(key) => http
                .get(format!("{base}/account"))
                .header("Cookie", format!("__Host-vestibule_session={key}")),
        };
        let sent = Instant::now();
        let status = request.send().await.unwrap().status().as_u16();
        assert!([200, 303, 401, 403, 404].contains(&status), "{status}");
        (sent, status == 200)
    }
}

/// Devices that send requests all the time, each to the nodes in turns.
struct Polls {
    devices: JoinSet<Vec<Poll>>,
    nodes: usize,
    successes: Vec<Arc<AtomicU64>>,
    enough: CancellationToken,
}

/// A request: its node, the time it was sent, and `true` if it was authenticated.
struct Poll {
    node: usize,
    sent: Instant,
    opens: bool,
}

struct Outcome {
    polls: usize,
    /// The part of `late` that was answered by the node that acknowledged the end.
    late_where_acknowledged: u64,
    /// Requests sent after the acknowledgement that were still authenticated.
    late: u64,
    /// Time from the acknowledgement to the last of them.
    latest: Duration,
}

impl Polls {
    fn begin(nodes: &Nodes, person: &Person) -> Self {
        let bases: Vec<String> = nodes.all().iter().map(|node| node.url("")).collect();
        let (mut devices, enough) = (JoinSet::new(), CancellationToken::new());
        let mut successes = Vec::new();
        for (number, proof) in person.proofs().enumerate() {
            let (bases, enough) = (bases.clone(), enough.clone());
            let (count, http) = (Arc::new(AtomicU64::default()), client());
            successes.push(count.clone());
            devices.spawn(async move {
                let (mut polls, mut refusals) = (Vec::new(), 0);
                for turn in number.. {
                    let node = turn % bases.len();
                    let (sent, opens) = proof.opens(&http, &bases[node]).await;
                    count.fetch_add(u64::from(opens), Ordering::Relaxed);
                    polls.push(Poll { node, sent, opens });
                    refusals = if enough.is_cancelled() && !opens { refusals + 1 } else { 0 };
                    if refusals == bases.len() {
                        break;
                    }
                }
                polls
            });
        }
        Self { devices, nodes: bases.len(), successes, enough }
    }

    async fn until_each_has_succeeded(&self) {
        let all = async || self.successes.iter().all(|count| count.load(Ordering::Relaxed) > 0);
        assert!(crate::service::eventually(Duration::from_secs(20), all).await);
    }

    /// Continues until each node has refused each device.
    async fn stop_after(self, acknowledged: Instant) -> Outcome {
        self.enough.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(20), self.devices.join_all()).await;
        let polls: Vec<_> = ended.expect("an end of every session").into_iter().flatten().collect();
        let late: Vec<&Poll> =
            polls.iter().filter(|poll| poll.opens && poll.sent > acknowledged).collect();
        let here = late.iter().filter(|poll| poll.node == ACKNOWLEDGING % self.nodes).count();
        let latest = late.iter().map(|poll| poll.sent - acknowledged).max();
        Outcome {
            polls: polls.len(),
            late_where_acknowledged: u64::try_from(here).unwrap(),
            late: u64::try_from(late.len()).unwrap(),
            latest: latest.unwrap_or_default(),
        }
    }
}
