//! SIGTERM at any time, once or twice: requests in flight finish, acknowledged writes exist, and
//! nothing is half done.

use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::rolling::answer;
use super::starting::Starting;
use super::{ALIVE, READY, saying};
use crate::database::{Database, count, text};
use crate::evidence::{Experiment, millis, rounded};
use crate::on_both_databases;
use crate::service::{Service, Setup, eventually};
use crate::wire::{Draft, Raw, Wire};

const PASSWORD: &str = "a good long password";
const EMAIL: &str = "anna@example.com";
/// Sign-ins that are being hashed when the signal comes.
const SIGN_INS: usize = 20;
const BUSY: Duration = Duration::from_secs(30);
const SIGTERM: i32 = 15;

on_both_databases! {
    a_stop_under_load_finishes_what_was_begun;
    a_start_that_is_told_to_stop_ends_in_order;
}

fn signing_in() -> Draft {
    let body = serde_json::json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    Draft::json("/api/v1/auth/signin", body)
}

/// Results of the requests of one client, or of all.
#[derive(Default)]
struct Outcome {
    answered: usize,
    signed_up: Vec<String>,
    failed: Vec<String>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.signed_up.extend(other.signed_up);
        self.failed.extend(other.failed);
    }

    /// Answers whether it is what was asked for.
    fn note(&mut self, wanted: u16, came: Result<Raw, String>) -> bool {
        let is_good = came.as_ref().is_ok_and(|raw| raw.status == wanted);
        match came {
            Ok(_) if is_good => self.answered += 1,
            Ok(raw) => self.failed.push(format!("{}: {}", raw.status, raw.text())),
            Err(error) => self.failed.push(error),
        }
        is_good
    }
}

async fn a_stop_under_load_finishes_what_was_begun(database: Database) {
    let title = "Stopped under load, the service completes running requests";
    let mut experiment = Experiment::begin("E13", title, &database);
    let stops = experiment.figure("stops", 2, 20);
    // As many as there are clients, so that none is told to come back.
    let setup = Setup::on(database).with("VESTIBULE_PASSWORD__MAX_PARALLEL_HASHES", "24");
    let mut service = setup.start().await;
    let db = service.database().await;
    service.sign_up(EMAIL, PASSWORD).await;
    // An account of its own: the sign-ins of the other end its oldest sessions.
    let token = service.sign_up("zoe@example.com", PASSWORD).await.token();
    let (mut all, mut slowest, mut turned) = (Outcome::default(), Duration::ZERO, Duration::ZERO);
    for stop in 0..stops {
        let crowd = Crowd::begin(&service, &token);
        assert!(eventually(BUSY, async || crowd.answered() > 20).await, "the load is there");
        let start = Instant::now();
        let (code, outcome, readiness) = stopped(&mut service, crowd, stop % 2 == 1).await;
        assert_eq!(code, Some(0), "stop {stop}");
        slowest = slowest.max(start.elapsed());
        turned = turned.max(readiness);
        all.add(outcome);
        service.restart().await;
    }
    eprintln!("{:#?}", all.failed);
    experiment.tried(stops);
    experiment.measure("requests_answered", all.answered);
    experiment.exactly("requests_failed", all.failed.len(), 0);
    let at_once = if experiment.is_full() { 1000.0 } else { 4000.0 };
    experiment.at_most("readiness_turned_ms", millis(turned), at_once);
    experiment.at_most("slowest_stop_s", rounded(slowest.as_secs_f64()), 30.0);
    let there = text(&db, &all_addresses(&service)).await;
    let is_lost = |email: &&String| !there.split(' ').any(|known| known == email.as_str());
    let lost = all.signed_up.iter().filter(is_lost).count();
    experiment.measure("sign_ups", all.signed_up.len());
    experiment.exactly("sign_ups_lost", lost, 0);
    let half = "SELECT count(*) FROM users u WHERE \
                NOT EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id) OR \
                NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id) OR \
                NOT EXISTS (SELECT 1 FROM outbox o WHERE o.user_id = u.id)";
    experiment.exactly("accounts_half_done", count(&db, half).await, 0);
    experiment.conclude();
}

fn all_addresses(service: &Service) -> String {
    let all = match service.setup.database {
        Database::Sqlite => "group_concat(email_key, ' ')",
        Database::Postgres(_) => "string_agg(email_key, ' ')",
    };
    format!("SELECT {all} FROM users")
}

/// Stops a service that has twenty sign-ins to hash and half a request to wait for; answers its exit
/// code, what came of all requests, and how long readiness took to turn.
async fn stopped(
    service: &mut Service,
    crowd: Crowd,
    twice: bool,
) -> (Option<i32>, Outcome, Duration) {
    let half = signing_in().bytes();
    let (begun, rest) = half.split_at(half.len() - 10);
    let mut half_sent = saying(service, begun).await;
    let (address, pid) = (service.address().to_owned(), service.pid().to_string());
    let mut sign_ins = if twice { Vec::new() } else { twenty(&address).await };
    let told = Instant::now();
    let meanwhile = async {
        let turns = async || {
            answer(&address, &Draft::new("GET", READY)).await.is_ok_and(|raw| raw.status == 503)
        };
        assert!(eventually(Duration::from_secs(4), turns).await, "readiness turns");
        let turned = told.elapsed();
        // As a balancer would, which looks at readiness.
        let mut outcome = crowd.end().await;
        if twice {
            sign_ins = twenty(&address).await;
            assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        }
        for mut wire in sign_ins {
            outcome.note(200, wire.receive().await.ok_or("cut off".to_owned()));
        }
        let refuses = async || TcpStream::connect(&address).await.is_err();
        assert!(eventually(BUSY, refuses).await, "new connections are still accepted");
        half_sent.write_all(rest).await.unwrap();
        let mut answer = String::new();
        let read = half_sent.read_to_string(&mut answer).await;
        if read.is_ok() && answer.starts_with("HTTP/1.1 200 ") {
            outcome.answered += 1;
        } else {
            outcome.failed.push(format!("half a request: {answer}"));
        }
        (outcome, turned)
    };
    let (ended, (outcome, turned)) = tokio::join!(service.terminate(), meanwhile);
    (ended.code(), outcome, turned)
}

/// Sign-ins that are all under way.
async fn twenty(address: &str) -> Vec<Wire> {
    let mut sign_ins = Vec::new();
    for _ in 0..SIGN_INS {
        let mut wire = Wire::to(address).await;
        wire.send(&signing_in().header("Expect", "100-continue")).await;
        sign_ins.push(wire);
    }
    for wire in &mut sign_ins {
        // The answer of a handler that has begun to read the body.
        assert_eq!(wire.receive().await.expect("a sign of life").status, 100);
    }
    sign_ins
}

/// Runs eight clients with up to a hundred requests a second each, each on a new connection.
struct Crowd {
    clients: JoinSet<Outcome>,
    answered: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Crowd {
    fn begin(service: &Service, token: &str) -> Self {
        let (over, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut clients = JoinSet::new();
        for client in 0..8 {
            let (over, answered) = (over.clone(), answered.clone());
            let address = service.address().to_owned();
            // Two of them sign up, which takes a hash and a transaction.
            let me = (client >= 2).then(|| Draft::new("GET", "/api/v1/auth/me").bearing(token));
            clients.spawn(async move { ask(&address, me, &answered, &over).await });
        }
        Self { clients, answered, over }
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    async fn end(self) -> Outcome {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Outcome::default();
        for outcome in self.clients.join_all().await {
            all.add(outcome);
        }
        all
    }
}

async fn ask(
    address: &str,
    me: Option<Draft>,
    answered: &AtomicUsize,
    over: &AtomicBool,
) -> Outcome {
    static NAMES: AtomicUsize = AtomicUsize::new(0);
    let mut outcome = Outcome::default();
    let mut pace = interval(Duration::from_millis(80));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !over.load(Ordering::Relaxed) {
        pace.tick().await;
        if let Some(me) = &me {
            outcome.note(200, answer(address, me).await);
        } else {
            let name = format!("user{}", NAMES.fetch_add(1, Ordering::Relaxed));
            let email = format!("{name}@example.com");
            let body =
                serde_json::json!({ "email": email, "username": name, "password": PASSWORD });
            let draft = Draft::json("/api/v1/auth/signup", body.to_string());
            if outcome.note(201, answer(address, &draft).await) {
                outcome.signed_up.push(email);
            }
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
    outcome
}

async fn a_start_that_is_told_to_stop_ends_in_order(database: Database) {
    let title = "Stopped during startup, the service exits cleanly and starts again";
    let mut experiment = Experiment::begin("E13", title, &database);
    let on_sqlite = database.url().is_none();
    let stops = experiment.figure("stops_of_starts", 8, 100);
    let mut dice = experiment.dice();
    // What is shipped starts more quickly.
    let longest = if experiment.is_full() { 150 } else { 400 };
    let (mut wrong, mut before_it_listened, mut too_late) = (0, 0, 0);
    let mut slowest = Duration::ZERO;
    for _ in 0..stops {
        let database = if on_sqlite { Database::sqlite() } else { Database::postgres().await };
        let setup = Setup::on(database);
        let mut starting = Starting::of(&setup);
        let life = Duration::from_millis(dice.below(longest));
        assert_eq!(starting.end_within(life).await, None, "it starts");
        let listens = starting.status(&Draft::new("GET", ALIVE)).await == Some(200);
        let told = Instant::now();
        starting.tell_to_stop().await;
        // Ready already, it would serve for a while.
        if starting.end_within(Duration::from_millis(500)).await.is_none() {
            too_late += 1;
            starting.tell_to_stop().await;
        }
        let ended = starting.end_within(BUSY).await.expect("an end");
        slowest = slowest.max(told.elapsed());
        let by_signal = ended.signal() == Some(SIGTERM);
        before_it_listened += usize::from(by_signal);
        wrong += usize::from(ended.code() != Some(0) && (listens || !by_signal));
        let mut service = setup.start_in(starting.data).await;
        assert_eq!(service.sign_up(EMAIL, PASSWORD).await.status, 201);
        service.kill().await;
    }
    experiment.tried(stops - too_late);
    experiment.measure("told_before_it_listened", before_it_listened);
    experiment.measure("told_when_it_was_ready", too_late);
    experiment.exactly("ended_otherwise", wrong, 0);
    experiment.at_most("slowest_stop_s", rounded(slowest.as_secs_f64()), 30.0);
    experiment.conclude();
}
