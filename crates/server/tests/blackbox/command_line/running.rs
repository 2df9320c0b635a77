//! `serve`: start, `--dev`, and shutdown.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::database::Database;
use crate::on_both_databases;
use crate::people::{PATIENCE, RESET, WELCOME};
use crate::service::{Service, Setup, eventually};
use crate::wire::Draft;

on_both_databases! {
    requests_under_way_are_answered_before_the_end;
    a_try_out_shows_its_mails;
}

const EMAIL: &str = "anna@example.com";
const PASSWORD: &str = "a good long password";

async fn requests_under_way_are_answered_before_the_end(database: Database) {
    let setup = Setup::on(database).with("VESTIBULE_PASSWORD__MAX_PARALLEL_HASHES", "1");
    let mut service = setup.start().await;
    assert_eq!(service.sign_up(EMAIL, PASSWORD).await.status, 201);

    // At shutdown readiness turns 503 first, and requests are still served.
    let pid = service.pid().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let turns = eventually(PATIENCE, async || service.get("/health/ready").await.status == 503);
    assert!(turns.await, "readiness turns");
    let ready = service.raw(&Draft::new("GET", "/health/ready")).await;
    assert_eq!(ready.problem(), "draining");
    assert_eq!(service.get("/health/live").await.status, 200);

    let body = serde_json::json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let draft = Draft::json("/api/v1/auth/signin", body);
    let mut wires = Vec::new();
    for _ in 0..10 {
        let mut wire = service.wire().await;
        wire.send(&draft).await;
        wires.push(wire);
    }
    // They are hashed one after the other: when the first is answered, the others are under way.
    assert_eq!(wires.remove(0).receive().await.unwrap().status, 200);
    // After a second signal it waits only for them.
    let ended = service.terminate().await;
    assert_eq!(ended.code(), Some(0));
    for mut wire in wires {
        assert_eq!(wire.receive().await.expect("an answer").status, 200);
    }
    let lines = service.log.lines();
    let said = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(said("stopping") && said("stopped"), "{lines:#?}");

    // And the same data serves again.
    service.restart().await;
    assert_eq!(service.sign_in(EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn the_last_line_before_requests_says_where_to_go() {
    let service = Setup::on(Database::sqlite()).start().await;
    let lines = service.log.lines();
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(last["message"], "ready", "{lines:#?}");
    assert_eq!(last["address"], format!("http://{}", service.address()));
    for line in &lines {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
    }
    assert_eq!(service.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn the_startup_banner_is_printed_on_a_terminal() {
    let setup = Setup::on(Database::sqlite()).with("VESTIBULE_SERVER__LOG_FORMAT", "text");
    let data = tempfile::tempdir().unwrap();
    let mut command = setup.command(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut screen = String::new();
    let reading = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("a line that says ready");
            if line.contains(" ready ") {
                return line;
            }
            screen.push_str(&line);
            screen.push('\n');
        }
    };
    let ready = tokio::time::timeout(PATIENCE, reading).await.unwrap();
    assert!(ready.contains("http://127.0.0.1:") && !ready.contains('\u{1b}'), "{ready}");
    for expected in ["Data ", "vestibule.db", "Web ", "/docs", "E-mail ", "vestibule admin create"]
    {
        assert!(screen.contains(expected), "{expected} is not in {screen}");
    }
    child.kill().await.unwrap();
}

async fn a_try_out_shows_its_mails(database: Database) {
    let service = Setup::on(database).with_argument("--dev").start().await;
    assert_eq!(mails(&service).await, Vec::<Value>::new());
    service.sign_up(EMAIL, PASSWORD).await;
    come(&service, 1).await;
    service.forget(EMAIL).await;
    come(&service, 2).await;

    let mails = mails(&service).await;
    let subjects: Vec<&str> = mails.iter().map(|mail| mail["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, [WELCOME, RESET], "newest last");
    for mail in &mails {
        let mut names: Vec<&str> = mail.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["headers", "html", "id", "subject", "text", "to"]);
        assert_eq!(mail["to"], EMAIL);
        assert!(mail["id"].is_string() && mail["headers"]["Message-ID"].is_string(), "{mail}");
        assert!(mail["html"].as_str().unwrap().contains("<html"), "{mail}");
    }
    let text = mails[1]["text"].as_str().unwrap();
    let token = text.lines().find_map(|line| line.split_once("/reset-password?token="));
    service
        .reset(token.unwrap().1, "another good password")
        .await
        .is(200, "Password reset successfully");

    let page = service.raw(&Draft::new("GET", "/dev/mail")).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let page = page.text();
    assert!(page.find(RESET) < page.find(WELCOME), "the page shows the newest first");
    let id = mails[1]["id"].as_str().unwrap();
    assert_eq!(service.raw(&Draft::new("GET", format!("/dev/mail/{id}"))).await.status, 200);
    let other = service.raw(&Draft::new("GET", "/dev/mail/nonsense")).await;
    assert_eq!((other.status, other.problem().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn mails_are_shown_with_dev_only() {
    let service = Setup::on(Database::sqlite()).start().await;
    service.sign_up(EMAIL, PASSWORD).await;
    for path in ["/dev/mail", "/dev/mail.json", "/dev/mail/1"] {
        let raw = service.raw(&Draft::new("GET", path)).await;
        assert_eq!((raw.status, raw.problem().as_str()), (404, "not_found"), "{path}");
    }
}

async fn mails(service: &Service) -> Vec<Value> {
    serde_json::from_value(service.get("/dev/mail.json").await.body).unwrap()
}

async fn come(service: &Service, count: usize) {
    let come = eventually(Duration::from_secs(20), async || mails(service).await.len() == count);
    assert!(come.await, "{count} mails: {:?}", mails(service).await);
}
