//! Migrations, the document, probes and test mails.

use serde_json::Value;
use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use super::{end, run};
use crate::database::Database;
use crate::on_both_databases;
use crate::service::Setup;

on_both_databases! {
    migrations_are_told_and_applied;
}

async fn migrations_are_told_and_applied(database: Database) {
    let setup = Setup::on(database);
    let data = tempfile::tempdir().unwrap();
    let migrate =
        async |action: &str| end(setup.command(data.path(), &["migrate", action]), "").await.ok();
    let before = migrate("status").await;
    assert!(!before.is_empty() && before.lines().all(|line| line.starts_with("pending  ")));
    let refused = ["serve", "--no-migrate", "--listen", "127.0.0.1:0"];
    let refused = end(setup.command(data.path(), &refused), "").await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.errors.contains("vestibule migrate up"), "{refused:?}");

    let applied = migrate("up").await;
    assert!(applied.ends_with("The database is up to date.\n"), "{applied}");
    let after = migrate("status").await;
    assert_eq!(after, before.replace("pending", "applied"));
    assert_eq!(migrate("up").await, "The database is up to date.\n");
    let service = setup.clone().with_argument("--no-migrate").start_in(data).await;
    assert_eq!(service.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn the_document_needs_nothing() {
    let empty = tempfile::tempdir().unwrap();
    // Not even a configuration that is right.
    let setup = Setup::on(Database::sqlite()).with("VESTIBULE_SERVER__LISTEN", "nonsense");
    let json = end(setup.command(empty.path(), &["openapi"]), "").await.ok();
    let document: Value = serde_json::from_str(&json).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."), "{}", document["openapi"]);
    let yaml = end(setup.command(empty.path(), &["openapi", "--yaml"]), "").await.ok();
    assert!(yaml.starts_with("openapi: 3."), "{}", &yaml[..40]);
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing was created");

    let service = Setup::on(Database::sqlite()).start().await;
    assert_eq!(service.get("/openapi.json").await.body, document);
    let served = service.http.get(service.url("/openapi.yaml")).send().await.unwrap();
    assert_eq!(served.headers()["content-type"], "application/yaml");
    assert_eq!(served.text().await.unwrap(), yaml);
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let line = format!("operationId: {}", operation["operationId"].as_str().unwrap());
            assert!(yaml.lines().any(|known| known.trim() == line), "{line}");
        }
    }
}

#[tokio::test]
async fn a_probe_tells_whether_the_service_is_ready() {
    let mut service = Setup::on(Database::sqlite()).start().await;
    let address = service.address().to_owned();
    let setup = service.setup.clone().with("VESTIBULE_SERVER__LISTEN", &address);
    let data = tempfile::tempdir().unwrap();
    let probe = async || end(setup.command(data.path(), &["healthcheck"]), "").await;
    assert_eq!(probe().await.ok(), "ready\n");
    service.kill().await;
    probe().await.fails_with(1, &[&address]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_mail_arrives_or_says_what_to_do() {
    let relay = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(Database::sqlite()).mailing_to(&relay).start().await;
    let test = ["mail", "test", "--to", "anna@example.com"];
    let sent = run(&service, &test, "").await.ok();
    assert!(sent.starts_with("Sent."), "{sent}");
    let mail = relay.messages().pop().unwrap();
    assert!(mail.rcpt_to[0].starts_with("<anna@example.com>"), "{:?}", mail.rcpt_to);

    for (stage, reply) in [
        (Stage::Mail, "530 5.7.0 Authentication required"),
        (Stage::Recipient, "550 5.1.1 No such user"),
        (Stage::Greeting, "421 4.3.2 Come back later"),
    ] {
        relay.set(Behaviour::accept().answering_at(stage, reply));
        let failed = run(&service, &test, "").await;
        failed.fails_with(1, &[]);
        assert!(failed.errors.len() > "error: ".len() + reply.len(), "no hint: {failed:?}");
    }
    relay.stop().await;
    run(&service, &test, "").await.fails_with(1, &[&relay.port().to_string()]);
    run(&service, &["mail", "test", "--to", "nobody"], "").await.fails_with(1, &[]);

    let without = Setup::on(Database::sqlite()).start().await;
    run(&without, &test, "").await.fails_with(3, &["mail.host", "not set"]);
}
