//! Many requests at the same moment: whatever they ask for, the outcome is that of some order in
//! which they could have come one by one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::{Database, count};
use crate::on_both_databases;
use crate::people::{Answer, CHANGED, mails_to, reset_token};
use crate::service::{Service, Setup};

on_both_databases! {
    of_two_hundred_resets_with_one_link_exactly_one_counts;
    a_reset_and_a_change_never_both_win;
    a_session_that_raced_a_reset_is_dead;
    an_address_is_taken_once_however_it_is_spelled;
}

const OLD: &str = "the password so far";

async fn of_two_hundred_resets_with_one_link_exactly_one_counts(database: Database) {
    let relay = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&relay).start().await;
    let email = "anna@example.com";
    service.sign_up(email, OLD).await;
    let token = reset_token(&service, &relay, email).await;
    let db = service.database().await;
    let epoch = count(&db, "SELECT credential_epoch FROM users").await;

    let passwords: Vec<String> = (0..200).map(|n| format!("the new password {n}")).collect();
    let resets = passwords.iter().map(|password| Request::reset(&token, password)).collect();
    let answers = all_at_once(&service, resets).await;

    let winners = positions(&answers, |answer| answer.status == 200);
    assert_eq!(winners.len(), 1, "{answers:#?}");
    for (number, answer) in answers.iter().enumerate().filter(|(number, _)| *number != winners[0]) {
        answer.is(400, "Invalid or expired token");
        assert_eq!(answer.body["code"], "invalid_token", "reset {number}");
    }
    assert_eq!(passwords_in_use(&service, email, &passwords).await, winners);
    service.sign_in(email, OLD).await.is(401, "Invalid email or password");
    assert_eq!(count(&db, "SELECT credential_epoch FROM users").await, epoch + 1);
    mails_to(&relay, email, CHANGED, 1).await;
    let notices = "SELECT count(*) FROM outbox WHERE kind = 'password_changed'";
    assert_eq!(count(&db, notices).await, 1);
}

async fn a_reset_and_a_change_never_both_win(database: Database) {
    let service = Setup::on(database).start().await;
    for round in 0..2 {
        let email = format!("anna{round}@example.com");
        let session = service.sign_up(&email, OLD).await.token();
        let token = service.reset_link(&email).await;

        let passwords: Vec<String> = (0..100).map(|n| format!("the new password {n}")).collect();
        let requests = passwords.iter().enumerate().map(|(number, password)| {
            // Each kind comes first once.
            if number % 2 == round {
                Request::reset(&token, password)
            } else {
                Request::change(&session, OLD, password)
            }
        });
        let answers = all_at_once(&service, requests.collect()).await;

        let winners = positions(&answers, |answer| answer.status == 200);
        assert_eq!(winners.len(), 1, "{answers:#?}");
        for (number, answer) in answers.iter().enumerate() {
            let refused = if number % 2 == round {
                ["invalid_token"].as_slice()
            } else {
                ["incorrect_password", "unauthenticated"].as_slice()
            };
            let code = answer.body["code"].as_str().unwrap_or_default();
            assert!(answer.status == 200 || refused.contains(&code), "{number}: {answer:?}");
        }
        assert_eq!(passwords_in_use(&service, &email, &passwords).await, winners);
        service.sign_in(&email, OLD).await.is(401, "Invalid email or password");
    }
}

/// A sign-in that has read the old hash may finish after the reset: what it opens is born dead.
async fn a_session_that_raced_a_reset_is_dead(database: Database) {
    let service = Setup::on(database).start().await;
    let (mut opened, mut opened_late) = (0, 0);
    for round in 0..3 {
        let email = format!("anna{round}@example.com");
        service.sign_up(&email, OLD).await;
        let reset = Request::reset(&service.reset_link(&email).await, "the new password");

        // Always some under way, and again and again until the old password is refused.
        let is_reset = Arc::new(AtomicBool::new(false));
        let mut crowd = JoinSet::new();
        for _ in 0..30 {
            let (address, sign_in) = (service.address().to_owned(), Request::sign_in(&email, OLD));
            crowd.spawn(sign_in_until_refused(address, sign_in, is_reset.clone()));
        }
        reset.insist(service.address()).await.is(200, "Password reset successfully");
        is_reset.store(true, Ordering::SeqCst);

        for (session, late) in crowd.join_all().await.into_iter().flatten() {
            assert_eq!(service.me(&session).await.status, 401, "late: {late}");
            opened += 1;
            opened_late += usize::from(late);
        }
        assert_eq!(service.sign_in(&email, "the new password").await.status, 200);
    }
    assert!(opened_late > 0, "no sign-in raced a reset: nothing was tried");
    eprintln!("{opened} sessions were opened meanwhile, {opened_late} of them after the reset");
}

/// Every session that was opened, and whether that was after the reset.
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
    let service = Setup::on(database).start().await;
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
    let answers = all_at_once(&service, requests.collect()).await;

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

/// Which of the passwords sign in.
async fn passwords_in_use(service: &Service, email: &str, passwords: &[String]) -> Vec<usize> {
    let sign_ins = passwords.iter().map(|password| Request::sign_in(email, password)).collect();
    let answers = all_at_once(service, sign_ins).await;
    for answer in &answers {
        assert!([200, 401].contains(&answer.status), "{answer:?}");
    }
    positions(&answers, |answer| answer.status == 200)
}

/// What is asked at the same moment as something else.
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

    /// Sends everything but the last byte, on a connection of its own.
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

    /// Sends it, again and again while the service is too busy.
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
    /// Sends the last byte. `None` is "busy, come back then".
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

/// Asks everything at the same moment; whoever is told that the service is busy comes back, later
/// and alone.
async fn all_at_once(service: &Service, requests: Vec<Request>) -> Vec<Answer> {
    let barrier = Arc::new(Barrier::new(requests.len()));
    let mut crowd = JoinSet::new();
    for (at, request) in requests.iter().enumerate() {
        let (held, barrier) = (request.hold(service.address()).await, barrier.clone());
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
            None => requests[at].insist(service.address()).await,
        });
    }
    settled
}
