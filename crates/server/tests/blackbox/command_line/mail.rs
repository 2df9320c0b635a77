//! `vestibule mail`: test, list and resend.

use serde_json::Value;
use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use super::run;
use crate::database::Database;
use crate::on_both_databases;
use crate::people::PATIENCE;
use crate::service::{Service, Setup, eventually};

on_both_databases! {
    what_became_of_mails_is_listed_and_one_is_sent_again;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_mail_arrives_or_the_error_explains_the_fix() {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(Database::sqlite()).mailing_to(&smtp).start().await;
    let test = ["mail", "test", "--to", "anna@example.com"];
    let sent = run(&service, &test, "").await.ok();
    assert!(sent.starts_with("Sent."), "{sent}");
    let mail = smtp.messages().pop().unwrap();
    assert!(mail.rcpt_to[0].starts_with("<anna@example.com>"), "{:?}", mail.rcpt_to);

    for (stage, reply) in [
        (Stage::Mail, "530 5.7.0 Authentication required"),
        (Stage::Recipient, "550 5.1.1 No such user"),
        (Stage::Greeting, "421 4.3.2 Come back later"),
    ] {
        smtp.set(Behaviour::accept().answering_at(stage, reply));
        let failed = run(&service, &test, "").await;
        failed.fails_with(1, &[]);
        assert!(failed.errors.len() > "error: ".len() + reply.len(), "no hint: {failed:?}");
    }
    smtp.stop().await;
    run(&service, &test, "").await.fails_with(1, &[&smtp.port().to_string()]);
    run(&service, &["mail", "test", "--to", "unknown"], "").await.fails_with(1, &[]);

    let without = Setup::on(Database::sqlite()).start().await;
    run(&without, &test, "").await.fails_with(3, &["mail.host", "not set"]);
}

async fn listed(service: &Service, limit: &str) -> Vec<Value> {
    let list = run(service, &["mail", "list", "--json", "--limit", limit], "").await.ok();
    serde_json::from_str(&list).unwrap()
}

async fn what_became_of_mails_is_listed_and_one_is_sent_again(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    service.sign_up("anna@example.com", "a good long password").await;
    let gone = async || listed(&service, "9").await.iter().all(|mail| mail["state"] == "sent");
    assert!(eventually(PATIENCE, gone).await);
    smtp.set(Behaviour::accept().answering_at(Stage::Recipient, "550 5.1.1 No such user"));
    service.sign_up("berta@example.com", "a good long password").await;
    let refused = async || listed(&service, "1").await[0]["state"] == "failed";
    assert!(eventually(PATIENCE, refused).await);

    let mails = listed(&service, "9").await;
    let told: Vec<_> = mails.iter().map(|mail| mail["to"].as_str().unwrap()).collect();
    assert_eq!(told, ["berta@example.com", "anna@example.com"], "newest first");
    assert!(mails.iter().all(|mail| mail["kind"] == "welcome" && mail["attempts"] == 1));
    assert!(mails[0]["last_error"].as_str().unwrap().contains("550"), "{mails:?}");
    assert!(mails[0]["due_at"].is_null() && mails[0]["ended_at"].is_string(), "{mails:?}");
    let id = mails[0]["id"].as_str().unwrap();
    let lines = run(&service, &["mail", "list"], "").await.ok();
    assert!(lines.starts_with(id) && lines.contains("berta@example.com  "), "{lines}");
    assert!(!lines.contains("token="), "{lines}");

    smtp.set(Behaviour::accept());
    let before = smtp.messages().len();
    let said = run(&service, &["mail", "resend", id], "").await.ok();
    assert!(said.contains(id), "{said}");
    let sent = async || listed(&service, "1").await[0]["state"] == "sent";
    assert!(eventually(PATIENCE, sent).await);
    let mail = smtp.messages().pop().unwrap();
    assert_eq!(smtp.messages().len(), before + 1);
    assert!(mail.rcpt_to[0].starts_with("<berta@example.com>"), "{:?}", mail.rcpt_to);

    let unknown = "00000000-0000-7000-8000-000000000000";
    run(&service, &["mail", "resend", unknown], "").await.fails_with(1, &[unknown, "mail list"]);
    run(&service, &["mail", "resend", "nonsense"], "").await.fails_with(1, &["nonsense"]);
}
