//! Runs schemathesis with the OpenAPI document, with valid and invalid requests.
//!
//! `hooks.py` contains additional data for the requests, and exceptions from the checks.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use super::run::Outcome;
use super::{PASSWORD, insist_on_life, judge_log};
use crate::database::Database;
use crate::evidence::{Experiment, rounded};
use crate::on_both_databases;
use crate::service::{Service, Setup};

on_both_databases! {
    every_answer_is_as_documented;
}

const HOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/blackbox/schemas/hooks.py");
const USER: &str = "anna@example.com";
const ADMIN: &str = "admin@example.com";

/// Roles as the hooks name them, each with its account.
const ROLES: [(&str, Option<&str>); 3] =
    [("anonymous", None), ("user", Some(USER)), ("admin", Some(ADMIN))];

/// Time a run may take beyond its budget.
const PATIENCE: Duration = Duration::from_mins(10);

async fn every_answer_is_as_documented(database: Database) {
    let title = "Responses match the OpenAPI document for every role, without server errors";
    let mut experiment = Experiment::begin("E19", title, &database);
    // Full runs are limited by time, short ones by the number of examples.
    let seconds = experiment.figure("schema_seconds", 0, 300).div_ceil(ROLES.len());
    let examples = experiment.figure("schema_examples", 8, 100);
    // A fixed seed, so that all changes are tested with the same requests.
    let seed = experiment.figure("schema_seed", 19, experiment.dice().below(1 << 32));
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    // Optional routes are enabled, because every documented operation has to exist.
    let setup = Setup::on(database).with("VESTIBULE_TOKENS__REVOCATIONS", "true");
    let service = setup.start().await;
    service.sign_up(USER, PASSWORD).await;
    service.sign_up(ADMIN, PASSWORD).await;
    service.run(&["admin", "promote", ADMIN]).await;
    send_mail_to(&smtp, &service).await;

    let mut all = Outcome::default();
    let mut clean_runs = 0;
    for (role, account) in ROLES {
        let told = json!({
            "url": service.url(""),
            "role": role,
            "account": account,
            "known": account.unwrap_or(USER),
            "password": PASSWORD,
            "smtp_port": smtp.port(),
            "resets": links(&service, role).await,
        });
        let folder = tempfile::tempdir().unwrap();
        let mut st = program(folder.path(), &told);
        st.args(["--seed", &seed.to_string(), "--max-examples", &examples.to_string()]);
        if seconds > 0 {
            st.args(["--max-time", &seconds.to_string()]);
        }
        let budget = Duration::from_secs(u64::try_from(seconds).unwrap());
        let output = tokio::time::timeout(budget + PATIENCE, st.output()).await;
        let output = output.expect("an end in time").unwrap();
        if output.status.success() {
            clean_runs += 1;
        } else {
            let (said, errors) = (&output.stdout, &output.stderr);
            eprintln!("{role}: {}", String::from_utf8_lossy(said));
            eprintln!("{}", String::from_utf8_lossy(errors));
        }
        all.read(&folder.path().join("report.ndjson"));
    }
    let documented = documented(&service).await;
    insist_on_life(&service).await;

    experiment.tried(all.cases);
    experiment.measure("answers", json!(all.statuses));
    experiment.exactly("runs_without_findings", clean_runs, ROLES.len());
    experiment.exactly("failed_checks", all.failed.len(), 0);
    experiment.exactly("server_errors", all.server_errors(), 0);
    experiment.at_least("cases", all.cases, 1000);
    // The run proves little unless most operations succeed at least once.
    let succeeded = documented.iter().filter(|one| all.succeeded.contains(*one)).count();
    for operation in documented.iter().filter(|one| !all.succeeded.contains(*one)) {
        eprintln!("never succeeded: {operation}");
    }
    experiment.exactly("operations_that_succeeded", succeeded, documented.len());
    experiment.at_least("share_of_successes", rounded(all.share_of_successes()), 0.05);
    judge_log(&mut experiment, &service);
    experiment.conclude();
}

/// Saves SMTP settings over the API, so that requests can change and test them.
async fn send_mail_to(smtp: &SmtpSink, service: &Service) {
    let settings = json!({
        "host": "127.0.0.1",
        "port": smtp.port(),
        "security": "none",
        "from_address": "accounts@example.com",
    });
    let token = service.sign_in(ADMIN, PASSWORD).await.token();
    let request = service.http.put(service.url("/api/v1/admin/settings/smtp"));
    let response = request.bearer_auth(token).json(&settings).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

/// Creates valid reset links, since schemathesis cannot guess one.
async fn links(service: &Service, role: &str) -> Vec<String> {
    let mut links = Vec::new();
    for number in 0..LINKS {
        let email = format!("reset-{role}-{number}@example.com");
        assert_eq!(service.sign_up(&email, PASSWORD).await.status, 201);
        links.push(service.reset_link(&email).await);
    }
    links
}

/// More than needed, because requests with an invalid password take some.
const LINKS: usize = 12;

/// Every operation of the document, as `METHOD /path`.
async fn documented(service: &Service) -> Vec<String> {
    let document = service.get("/openapi.json").await.body;
    let paths = document["paths"].as_object().unwrap();
    let operations = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().keys().map(|name| name.to_uppercase());
        methods.map(|method| format!("{method} {path}")).collect::<Vec<_>>()
    };
    paths.iter().flat_map(operations).collect()
}

/// The command, with the arguments common to all runs.
fn program(folder: &Path, told: &Value) -> Command {
    let path = std::env::var_os("VESTIBULE_TEST_SCHEMATHESIS")
        .expect("schemathesis for the tests; `cargo xtask test` installs it");
    let mut command = Command::new(path);
    command
        .current_dir(folder)
        // Without proxies and user settings of this machine.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", HOOKS)
        .env("VESTIBULE_SCHEMAS", told.to_string())
        .arg("run")
        .arg(format!("{}/openapi.json", told["url"].as_str().unwrap()))
        .args(["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"])
        // One worker: with more, runs are not reproducible, and Python's parser can fail.
        .args(["--workers", "1", "--continue-on-failure", "--no-shrink", "--no-color"])
        .args(["--request-timeout", "60", "--generation-database", "none"])
        .args(["--report", "ndjson", "--report-ndjson-path", "report.ndjson"])
        .kill_on_drop(true);
    command
}
