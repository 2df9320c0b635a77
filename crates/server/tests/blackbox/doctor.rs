//! Checks that `doctor` makes of an installation.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use crate::database::{Database, execute};
use crate::on_both_databases;
use crate::service::{Service, Setup};
use crate::traces::collector::Collector;
use crate::wire::Draft;

on_both_databases! {
    what_is_well_is_said_to_be;
    what_is_wrong_is_found_with_what_to_do;
}

/// The exit code, and what was found about each thing: state, words, remedy.
struct Report {
    code: i32,
    findings: Vec<Value>,
}

impl Report {
    async fn of(setup: &Setup, data: &Path) -> Self {
        let ended = setup.command(data, &["doctor", "--json"]).output().await.unwrap();
        let errors = String::from_utf8_lossy(&ended.stderr);
        let findings = serde_json::from_slice(&ended.stdout).expect(&errors);
        Self { code: ended.status.code().unwrap(), findings }
    }

    /// Asserts a finding in that state that says so.
    #[track_caller]
    fn says(&self, state: &str, about: &str, words: &str) {
        let fits = |finding: &&Value| {
            let said = |field: &str| finding[field].as_str().unwrap_or_default();
            let text = format!("{} {}", said("found"), said("fix"));
            (said("state"), said("about")) == (state, about) && text.contains(words)
        };
        let found = self.findings.iter().find(fits);
        let found = found.unwrap_or_else(|| panic!("no {state}, {about}: {:#?}", self.findings));
        assert_eq!(found["fix"].is_null(), state == "ok", "{found}");
    }
}

/// The service's address is what it is reached at.
async fn reached(setup: Setup) -> (Service, Setup) {
    let service = setup.start().await;
    let url = format!("http://{}", service.address());
    let setup = service.setup.clone().with("VESTIBULE_SERVER__PUBLIC_URL", &url);
    (service, setup)
}

async fn what_is_well_is_said_to_be(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let on_server = database.url().is_some();
    let limited = Setup::on(database).with("VESTIBULE_LIMITS__ENABLED", "true");
    let (service, setup) = reached(limited.mailing_to(&smtp)).await;
    service.sign_up("anna@example.com", "a good long password").await.token();
    service.run(&["admin", "promote", "anna@example.com"]).await;
    std::fs::set_permissions(service.data.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let mails = smtp.sessions().len();
    let report = Report::of(&setup, service.data.path()).await;
    // The servers of the tests are told not to wait for the disk.
    let is_hasty = |finding: &&Value| finding["found"].as_str().unwrap().contains("may be lost");
    let hasty = report.findings.iter().filter(is_hasty).count();
    assert_eq!(report.code, i32::from(hasty > 0), "{:#?}", report.findings);
    assert!(on_server || hasty == 0);
    for finding in report.findings.iter().filter(|finding| !is_hasty(finding)) {
        assert_eq!(finding["state"], "ok", "{finding}");
    }
    report.says("ok", "database", if on_server { "PostgreSQL" } else { "SQLite" });
    report.says("ok", "migrations", "all");
    report.says("ok", "keys", "access key is 0 days old");
    report.says("ok", "mail", "no mail was sent");
    report.says("ok", "password hash", "sign-ins a second");
    report.says("ok", "public URL", "leads to this installation");
    report.says("ok", "proxy", "X-Forwarded-For is not trusted");
    assert_eq!(on_server, report.findings.iter().any(|finding| finding["about"] == "clock"));
    let sessions = smtp.sessions();
    assert!(sessions.len() > mails, "the SMTP server was asked");
    assert!(sessions.iter().all(|session| session.violations.is_empty()));

    let lines = setup.command(service.data.path(), &["doctor"]).output().await.unwrap();
    let lines = String::from_utf8(lines.stdout).unwrap();
    assert!(lines.contains("ok       migrations     all"), "{lines}");
}

async fn what_is_wrong_is_found_with_what_to_do(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let (mut service, setup) = reached(Setup::on(database).mailing_to(&smtp)).await;
    let data = service.data.path().to_owned();
    smtp.set(Behaviour::accept().answering_at(Stage::Greeting, "554 5.7.1 Go away"));
    std::fs::set_permissions(&data, PermissionsExt::from_mode(0o755)).unwrap();
    let setup = setup
        .with("VESTIBULE_LIMITS__ENABLED", "false")
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.0/8");
    let report = Report::of(&setup, &data).await;
    assert_eq!(report.code, 1);
    report.says("problem", "limits", "limits.enabled = true");
    report.says("warning", "data folder", "chmod 700");
    report.says("warning", "accounts", "no administrator");
    report.says("problem", "mail", "Go away");

    service.kill().await;
    let db = service.database().await;
    execute(&db, "DELETE FROM seaql_migrations WHERE version LIKE '%limits_and_audit'").await;
    let report = Report::of(&setup, &data).await;
    report.says("problem", "public URL", "cannot be reached");
    report.says("problem", "migrations", "vestibule migrate up");
    let tomorrow = "INSERT INTO seaql_migrations (version, applied_at) \
                    VALUES ('m29990101_000001_tomorrow', 0)";
    execute(&db, tomorrow).await;
    Report::of(&setup, &data).await.says("problem", "migrations", "newer version");
    let key = std::fs::read_dir(data.join("keys")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&key, "{}").unwrap();
    Report::of(&setup, &data).await.says("problem", "configuration", "keys");

    let nowhere = setup.clone().with("VESTIBULE_DATABASE__URL", "postgres://127.0.0.1:1/nothing");
    let empty = tempfile::tempdir().unwrap();
    let report = Report::of(&nowhere, empty.path()).await;
    report.says("warning", "keys", "no keys at");
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing is made");
    let keys = Setup::on(Database::sqlite());
    let made = keys.command(empty.path(), &["keys", "list"]).output().await.unwrap();
    assert!(made.status.success());
    let report = Report::of(&nowhere, empty.path()).await;
    assert_eq!(report.code, 1);
    report.says("problem", "database", "database.url");
    let wrong = setup.with("VESTIBULE_RESET__TTL", "25h").with("VESTIBULE_MAIL__PORT", "0");
    let report = Report::of(&wrong, empty.path()).await;
    assert_eq!((report.code, report.findings.len()), (1, 2), "{:#?}", report.findings);
    report.says("problem", "configuration", "reset.ttl");
}

#[tokio::test]
async fn an_old_signing_key_causes_a_warning() {
    let setup = Setup::on(Database::sqlite());
    let data = tempfile::tempdir().unwrap();
    for making in [["keys", "list"], ["migrate", "up"]] {
        let made = setup.command(data.path(), &making).output().await.unwrap();
        assert!(made.status.success(), "{making:?}");
    }
    let path = data.path().join("keys/access-1.json");
    let mut key: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for field in ["created_at", "signs_from"] {
        key[field] = json!("2020-02-02T02:02:02Z");
    }
    std::fs::write(&path, key.to_string()).unwrap();
    let report = Report::of(&setup, data.path()).await;
    report.says("warning", "keys", "`vestibule keys rotate access`");
    report.says("ok", "keys", "the reset key is 0 days old");
}

#[tokio::test]
async fn missing_files_are_not_created() {
    let setup = Setup::on(Database::sqlite());
    let empty = tempfile::tempdir().unwrap();
    let report = Report::of(&setup, empty.path()).await;
    report.says("warning", "database", "no database at");
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn settings_that_lose_what_was_acknowledged_are_found_postgres() {
    let database = Database::postgres().await;
    let (service, setup) = reached(Setup::on(database.clone())).await;
    let db = service.database().await;
    let name = database.url().unwrap().rsplit_once('/').unwrap().1.to_owned();
    execute(&db, &format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let report = Report::of(&setup, service.data.path()).await;
    assert_eq!(report.code, 1);
    report.says("problem", "database", "synchronous_commit is off");
}

#[tokio::test]
async fn limits_that_should_be_shared_and_are_not_are_found() {
    let setup = Setup::on(Database::sqlite())
        .with("VESTIBULE_LIMITS__ENABLED", "true")
        .with("VESTIBULE_REDIS__URL", "redis://127.0.0.1:1/");
    let (service, setup) = reached(setup).await;
    Report::of(&setup, service.data.path()).await.says("problem", "redis", "redis.url");
}

/// The client IP as the service sees it is shown to its operator only.
#[tokio::test]
async fn the_client_ip_is_shown_to_the_operator_only() {
    let service = Setup::on(Database::sqlite()).start().await;
    let other = Setup::on(Database::sqlite()).start().await;
    let token = service.sign_up("anna@example.com", "a good long password").await.token();
    for question in ["", "v4.local.AAAA", "0", &token] {
        let draft = Draft::new("GET", "/health/probe").header("X-Vestibule-Probe", question);
        for service in [&service, &other] {
            let answer = service.raw(&draft).await;
            assert_eq!(answer.status, 404, "{question}");
            assert!(!answer.text().contains("127.0.0.1"), "{}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_collector_and_who_begins_traces_are_looked_at() {
    let collector = Collector::start().await;
    let setup = Setup::on(Database::sqlite())
        .with("VESTIBULE_TRACES__ENDPOINT", &collector.url())
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1/32");
    let (service, setup) = reached(setup).await;
    let report = Report::of(&setup, service.data.path()).await;
    report.says("ok", "traces", "accepts traces");
    report.says("problem", "traces", "remove the header traceparent");

    collector.answer(Some("401 Unauthorized"));
    let setup = setup.with("VESTIBULE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8");
    let report = Report::of(&setup, service.data.path()).await;
    report.says("warning", "traces", "status 401");
    let about_traces = report.findings.iter().filter(|finding| finding["about"] == "traces");
    assert_eq!(about_traces.count(), 1, "{:#?}", report.findings);
}
