//! Concurrent requests: the outcome is always that of some sequential order of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::{Database, count};
use crate::evidence::{Experiment, Nodes};
use crate::on_both_databases;
use crate::people::{Answer, CHANGED, mails_to, reset_token};
use crate::service::Setup;

on_both_databases! {
    of_two_hundred_resets_with_one_link_exactly_one_counts;
    a_reset_and_a_change_never_both_win;
    a_session_that_raced_a_reset_is_invalid;
    an_address_is_taken_once_however_it_is_spelled;
}

const OLD: &str = "the password so far";

async fn of_two_hundred_resets_with_one_link_exactly_one_counts(database: Database) {
    let title = "Of concurrent resets with one link, on all nodes, exactly one succeeds";
    let mut experiment = Experiment::begin("E02", title, &database);
    let rounds = experiment.figure("rounds", 1, 50);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let nodes = Nodes::start(Setup::on(database).mailing_to(&smtp)).await;
    let db = nodes.first().database().await;
    let mut winners = Vec::new();
    for round in 0..rounds {
        let email = format!("anna{round}@example.com");
        nodes.first().sign_up(&email, OLD).await;
        let token = reset_token(nodes.turn(round), &smtp, &email).await;
        let passwords: Vec<String> = (0..200).map(|n| format!("the new password {n}")).collect();
        let resets = passwords.iter().map(|password| Request::reset(&token, password)).collect();
        let answers = all_at_once(&nodes, resets).await;

        let won = positions(&answers, |answer| answer.status == 200);
        for (number, answer) in answers.iter().enumerate().filter(|(n, _)| !won.contains(n)) {
            answer.is(400, "Invalid or expired token");
            assert_eq!(answer.body["code"], "invalid_token", "reset {number}");
        }
        experiment.tried(answers.len());
        winners.push(won.len());
        if let [one] = won[..] {
            // Exactly one password is valid afterwards.
            let used = nodes.turn(round).sign_in(&email, &passwords[one]).await;
            assert_eq!(used.status, 200, "{used:?}");
            let other = (one + 1) % passwords.len();
            let refused = nodes.turn(round).sign_in(&email, &passwords[other]).await;
            refused.is(401, "Invalid email or password");
        }
        nodes.first().sign_in(&email, OLD).await.is(401, "Invalid email or password");
        mails_to(&smtp, &email, CHANGED, 1).await;
    }
    experiment.measure("nodes", nodes.all().len());
    experiment.measure("rounds", rounds);
    experiment.exactly("fewest_winners_in_a_round", *winners.iter().min().unwrap(), 1);
    experiment.exactly("most_winners_in_a_round", *winners.iter().max().unwrap(), 1);
    let credentials_versions =
        count(&db, "SELECT count(*) FROM users WHERE credentials_version = 2").await;
    experiment.exactly(
        "accounts_with_new_version",
        credentials_versions,
        i64::try_from(rounds).unwrap(),
    );
    let notices = "SELECT count(*) FROM outbox WHERE kind = 'password_changed'";
    experiment.exactly("notices", count(&db, notices).await, i64::try_from(rounds).unwrap());
    experiment.conclude();
}

async fn a_reset_and_a_change_never_both_win(database: Database) {
    let title = "Of 100 resets and 100 password changes at once, exactly one succeeds";
    let mut experiment = Experiment::begin("E02", title, &database);
    let rounds = experiment.figure("rounds", 2, 50);
    let nodes = Nodes::start(Setup::on(database)).await;
    let mut winners = Vec::new();
    let mut resets_won = 0;
    for round in 0..rounds {
        let service = nodes.turn(round);
        let email = format!("anna{round}@example.com");
        let session = service.sign_up(&email, OLD).await.token();
        let token = service.reset_link(&email).await;

        let of_each = if experiment.is_full() { 100 } else { 50 };
        let passwords: Vec<String> =
            (0..2 * of_each).map(|n| format!("the new password {n}")).collect();
        // The two kinds alternate in coming first.
        let is_reset = |number: usize| number % 2 == round % 2;
        let requests = passwords.iter().enumerate().map(|(number, password)| {
            if is_reset(number) {
                Request::reset(&token, password)
            } else {
                Request::change(&session, OLD, password)
            }
        });
        let answers = all_at_once(&nodes, requests.collect()).await;

        let won = positions(&answers, |answer| answer.status == 200);
        for (number, answer) in answers.iter().enumerate() {
            let refused = if is_reset(number) {
                ["invalid_token"].as_slice()
            } else {
                ["incorrect_password", "unauthenticated"].as_slice()
            };
            let code = answer.body["code"].as_str().unwrap_or_default();
            assert!(answer.status == 200 || refused.contains(&code), "{number}: {answer:?}");
        }
        experiment.tried(answers.len());
        winners.push(won.len());
        resets_won += won.iter().filter(|number| is_reset(**number)).count();
        if let [one] = won[..] {
            assert_eq!(service.sign_in(&email, &passwords[one]).await.status, 200);
        }
        service.sign_in(&email, OLD).await.is(401, "Invalid email or password");
    }
    experiment.measure("nodes", nodes.all().len());
    experiment.measure("rounds", rounds);
    experiment.measure("rounds_won_by_a_reset", resets_won);
    experiment.exactly("fewest_winners_in_a_round", *winners.iter().min().unwrap(), 1);
    experiment.exactly("most_winners_in_a_round", *winners.iter().max().unwrap(), 1);
    experiment.conclude();
}

/// A sign-in that has read the old hash may finish after the reset. Its session must be invalid.
async fn a_session_that_raced_a_reset_is_invalid(database: Database) {
    let title = "A session opened during a reset is invalid on every node";
    let mut experiment = Experiment::begin("E03", title, &database);
    let rounds = experiment.figure("rounds", 3, 50);
    let clients = if experiment.is_full() { 100 } else { 30 };
    let nodes = Nodes::start(Setup::on(database)).await;
    let (mut opened_late, mut alive) = (0, 0);
    for round in 0..rounds {
        let service = nodes.turn(round);
        let email = format!("anna{round}@example.com");
        service.sign_up(&email, OLD).await;
        let reset = Request::reset(&service.reset_link(&email).await, "the new password");

        // Sign-ins run all the time, until the old password is refused.
        let is_reset = Arc::new(AtomicBool::new(false));
        let mut crowd = JoinSet::new();
        for client in 0..clients {
            let address = nodes.turn(client).address().to_owned();
            let sign_in = Request::sign_in(&email, OLD);
            crowd.spawn(sign_in_until_refused(address, sign_in, is_reset.clone()));
        }
        reset.insist(service.address()).await.is(200, "Password reset successfully");
        is_reset.store(true, Ordering::SeqCst);

        for (session, late) in crowd.join_all().await.into_iter().flatten() {
            for node in nodes.all() {
                alive += usize::from(node.me(&session).await.status != 401);
            }
            experiment.tried(1);
            opened_late += usize::from(late);
        }
        assert_eq!(service.sign_in(&email, "the new password").await.status, 200);
    }
    experiment.measure("nodes", nodes.all().len());
    experiment.measure("rounds", rounds);
    experiment.measure("sign_ins_at_a_time", clients);
    experiment.at_least("sessions_opened_after_the_reset", opened_late, 1);
    experiment.exactly("sessions_alive", alive, 0);
    experiment.conclude();
}

/// The sessions created, each with `true` if that was after the reset.
async fn sign_in_until_refused(
    address: String,
    sign_in: Request,
    is_reset: Arc<AtomicBool>,
) -> Vec<(String, bool)> {
    let mut sessions = Vec::new();
    loop {
        let answer = sign_in.insist(&address).await;
        if answer.status != 200 {
            answer.is(401, "Invalid email or password");
            return sessions;
        }
        sessions.push((answer.token(), is_reset.load(Ordering::SeqCst)));
    }
}

async fn an_address_is_taken_once_however_it_is_spelled(database: Database) {
    let nodes = Nodes::start(Setup::on(database)).await;
    let service = nodes.first();
    let spellings = [
        "anna@bücher.example",
        "ANNA@bücher.example",
        " Anna@BÜCHER.example ",
        "anna@xn--bcher-kva.example",
        "aNNa@XN--BCHER-KVA.EXAMPLE",
    ];
    let requests = (0..50).map(|number| Request {
        path: "/api/v1/auth/signup",
        token: None,
        body: json!({
            "email": spellings[number % spellings.len()],
            "username": format!("anna{number}"),
            "password": OLD,
        }),
    });
    let answers = all_at_once(&nodes, requests.collect()).await;

    let winners = positions(&answers, |answer| answer.status == 201);
    assert_eq!(winners.len(), 1, "{answers:#?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.is(400, "Email already registered");
        assert_eq!(answer.body["code"], "email_taken");
    }
    for spelling in spellings {
        assert_eq!(service.sign_in(spelling, OLD).await.status, 200, "{spelling}");
    }
    let db = service.database().await;
    for table in ["users", "passwords", "outbox"] {
        assert_eq!(count(&db, &format!("SELECT count(*) FROM {table}")).await, 1, "{table}");
    }
}

fn positions(answers: &[Answer], wanted: impl Fn(&Answer) -> bool) -> Vec<usize> {
    answers.iter().enumerate().filter(|(_, answer)| wanted(answer)).map(|(at, _)| at).collect()
}

/// A request that is sent at the same moment as others.
struct Request {
    path: &'static str,
    token: Option<String>,
    body: Value,
}

impl Request {
    fn reset(token: &str, password: &str) -> Self {
        let body = json!({ "token": token, "new_password": password });
        Self { path: "/api/v1/auth/reset-password", token: None, body }
    }

    fn change(session: &str, old: &str, new: &str) -> Self {
        let body = json!({ "old_password": old, "new_password": new });
        let token = Some(session.to_owned());
        Self { path: "/api/v1/auth/change-password", token, body }
    }

    fn sign_in(email: &str, password: &str) -> Self {
        let body = json!({ "email": email, "password": password });
        Self { path: "/api/v1/auth/signin", token: None, body }
    }

    /// Sends everything but the last byte, on a separate connection.
    async fn hold(&self, address: &str) -> Held {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (path, body) = (self.path, self.body.to_string());
        let bearer = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            bearer.unwrap_or_default(),
            body.len(),
        );
        let (last, others) = text.as_bytes().split_last().unwrap();
        stream.write_all(others).await.unwrap();
        Held { stream, last: *last }
    }

    /// Sends the request, and retries while the service is overloaded.
    async fn insist(&self, address: &str) -> Answer {
        loop {
            if let Some(answer) = self.hold(address).await.release().await {
                return answer;
            }
        }
    }
}

/// A request that lacks its last byte.
struct Held {
    stream: TcpStream,
    last: u8,
}

impl Held {
    /// Sends the last byte. Returns `None` if the service is overloaded.
    async fn release(mut self) -> Option<Answer> {
        self.stream.write_all(&[self.last]).await.unwrap();
        let mut text = String::new();
        self.stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
        let status = head[9..12].parse().unwrap();
        if [429, 503].contains(&status) {
            let head = head.to_ascii_lowercase();
            assert!(head.contains("\r\nretry-after: "), "{text}");
            return None;
        }
        assert!(status < 500, "{text}");
        Some(Answer { status, body: serde_json::from_str(body).unwrap() })
    }
}

/// Sends all requests at the same moment, to the nodes in turns. Requests that find the service
/// overloaded are retried later, one by one.
async fn all_at_once(nodes: &Nodes, requests: Vec<Request>) -> Vec<Answer> {
    let barrier = Arc::new(Barrier::new(requests.len()));
    let mut crowd = JoinSet::new();
    for (at, request) in requests.iter().enumerate() {
        let held = request.hold(nodes.turn(at).address()).await;
        let barrier = barrier.clone();
        crowd.spawn(async move {
            barrier.wait().await;
            (at, held.release().await)
        });
    }
    let mut answers = crowd.join_all().await;
    answers.sort_by_key(|(at, _)| *at);
    let mut settled = Vec::new();
    for (at, answer) in answers {
        settled.push(match answer {
            Some(answer) => answer,
            None => requests[at].insist(nodes.turn(at).address()).await,
        });
    }
    settled
}
