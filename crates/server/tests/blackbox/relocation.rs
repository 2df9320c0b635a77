//! `vestibule move` from SQLite to PostgreSQL: everything is moved, or nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::Value;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::{Database, count, execute, text};
use crate::evidence::{Experiment, rounded};
use crate::journey::travel;
use crate::people::{PATIENCE, reset_token};
use crate::service::{Service, Setup, eventually};
use crate::upgrade::fill;

const ANNA: &str = "anna@example.com";
const BERTA: &str = "berta@example.com";
const OLD: &str = "the password so far";
const NEW: &str = "the password from now on";

/// Runs `vestibule move`. Returns exit code, standard output and standard error.
async fn relocate(setup: &Setup, data: &Path, to: &str, more: &[&str]) -> (i32, String, String) {
    let arguments = [&["move", "--to", to], more].concat();
    let ended = setup.command(data, &arguments).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ended.status.code().expect("an exit code"), text(ended.stdout), text(ended.stderr))
}

async fn target() -> (Database, String) {
    let database = Database::postgres().await;
    let url = database.url().unwrap().to_owned();
    (database, url)
}

/// The rows of all tables, except the one of the migrations.
async fn tables(db: &DatabaseConnection) -> Vec<String> {
    let sql = match db.get_database_backend() {
        sea_orm::DbBackend::Postgres => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let names = rows.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    let names: Vec<String> = names;
    names.into_iter().filter(|name| name != "seaql_migrations").collect()
}

/// A stopped service with rows in every table, and the tokens it issued.
struct Filled {
    service: Service,
    session: String,
    refresh: Value,
    used: String,
    open: String,
}

async fn filled(smtp: &SmtpSink) -> Filled {
    let mut service = Setup::on(Database::sqlite()).mailing_to(smtp).start().await;
    service.sign_up(ANNA, OLD).await.token();
    service.sign_up(BERTA, OLD).await.token();
    service.run(&["admin", "promote", BERTA]).await;
    let used = reset_token(&service, smtp, ANNA).await;
    assert_eq!(service.reset(&used, NEW).await.status, 200);
    let open = reset_token(&service, smtp, ANNA).await;
    let signed_in = service.sign_in(ANNA, NEW).await;
    let db = service.database().await;
    let sent = async || count(&db, "SELECT count(*) FROM outbox WHERE state = 'queued'").await == 0;
    assert!(eventually(PATIENCE, sent).await);
    assert_eq!(service.terminate().await.code(), Some(0));
    // Inserted directly: rows that would take too long, or need a browser.
    for row in [
        "reset_requests VALUES (randomblob(16), 'unknown@example.com', 1, NULL, 'ünknown')",
        "smtp_settings (id, host, port, security, from_address, saved_at) \
         VALUES (1, 'smtp.example.com', 587, 'starttls', 'accounts@example.com', 1)",
        "setup_links VALUES (1, zeroblob(32), 1)",
        "sign_in_failures VALUES ('unknown@example.com', '', 3, 1, FALSE)",
    ] {
        // The setup link of the first start exists already.
        let row = format!("INSERT OR REPLACE INTO {row}");
        assert_eq!(execute(&db, &row).await, 1);
    }
    db.close().await.unwrap();
    let refresh = signed_in.body["refresh_token"].clone();
    Filled { session: signed_in.token(), service, refresh, used, open }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_moves_with_everything_and_goes_on() {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let Filled { service, session, refresh, used, open } = filled(&smtp).await;
    let (database, url) = target().await;
    let Service { setup, data, .. } = service;

    let (code, rehearsed, errors) = relocate(&setup, data.path(), &url, &["--dry-run"]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(rehearsed.ends_with("It would succeed. Nothing was changed.\n"), "{rehearsed}");
    let db = database.connect(data.path()).await;
    assert_eq!(tables(&db).await, Vec::<String>::new(), "not even a table");

    let (code, moved, errors) = relocate(&setup, data.path(), &url, &["--json"]).await;
    assert_eq!(code, 0, "{errors}");
    let moved: Value = serde_json::from_str(&moved).unwrap();
    let file = setup.database.connect(data.path()).await;
    let mut names = Vec::new();
    for table in moved["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        let rows = table["rows"].as_i64().unwrap();
        let sql = format!("SELECT count(*) FROM {name}");
        assert!(rows > 0, "the test leaves {name} empty");
        assert_eq!((count(&file, &sql).await, count(&db, &sql).await), (rows, rows), "{name}");
        let line = format!("{name:<18}  {rows:>9} rows  {}", table["checksum"].as_str().unwrap());
        assert!(rehearsed.contains(&line), "{line} is not in {rehearsed}");
        names.push(name.to_owned());
    }
    names.sort();
    assert_eq!(names, tables(&file).await, "every table there is");
    assert_eq!(names, tables(&db).await);
    assert_eq!(text(&file, "PRAGMA integrity_check").await, "ok");
    file.close().await.unwrap();
    let agent = "SELECT user_agent FROM reset_requests WHERE email_key = 'unknown@example.com'";
    assert_eq!(text(&db, agent).await, "ünknown");

    let moved = Setup::on(database).mailing_to(&smtp).start_in(data).await;
    assert_eq!(moved.me(&session).await.status, 200, "the session is still valid");
    let refreshed =
        moved.post("/api/v1/auth/refresh", serde_json::json!({ "refresh_token": refresh })).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    assert!(!moved.verify(&used).await, "what was used stays used");
    assert!(moved.verify(&open).await);
    assert_eq!(moved.sign_in(ANNA, OLD).await.status, 401);
    assert_eq!(moved.sign_in(ANNA, NEW).await.status, 200);
    assert!(moved.run(&["admin", "list"]).await.contains(BERTA));
    moved.reset(&open, "another one of hers").await.is(200, "Password reset successfully");
    moved.run(&["user", "delete", ANNA, "--yes"]).await;
    travel(&moved, &smtp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_moved_is_refused_and_nothing_is_changed() {
    let mut service = Setup::on(Database::sqlite()).start().await;
    service.sign_up(ANNA, OLD).await.token();
    let (database, url) = target().await;
    let db = database.connect(service.data.path()).await;
    let data = service.data.path().to_owned();
    let setup = service.setup.clone();
    let refused = async |setup: &Setup, to: &str, code: i32, words: &[&str]| {
        let (ended, output, errors) = relocate(setup, &data, to, &[]).await;
        assert_eq!((ended, output.as_str()), (code, ""), "{errors}");
        for word in words {
            assert!(errors.contains(word), "{word:?} is not in {errors:?}");
        }
    };
    refused(&setup, &url, 1, &["in use", "stop the service"]).await;
    assert_eq!(service.sign_in(ANNA, OLD).await.status, 200, "the old service is unchanged");
    assert_eq!(service.terminate().await.code(), Some(0));

    refused(&setup, "sqlite:///tmp/other.db", 3, &["--to", "postgres://"]).await;
    let server = url.rsplit_once('/').unwrap().0;
    refused(&setup, &format!("{server}/no_such_database"), 3, &["--to"]).await;
    refused(&setup, "postgres://127.0.0.1:1/vestibule", 3, &["--to"]).await;
    assert_eq!(tables(&db).await, Vec::<String>::new());

    let on_server = Setup::on(database.clone());
    refused(&on_server, &url, 1, &["not an SQLite file"]).await;
    let other = on_server.start().await;
    other.sign_up(BERTA, OLD).await.token();
    refused(&setup, &url, 1, &["users", "contains 1 rows", "empty database"]).await;
    assert_eq!(count(&db, "SELECT count(*) FROM users").await, 1);
    assert_eq!(other.sign_in(BERTA, OLD).await.status, 200);

    let (_, elsewhere) = target().await;
    let file = setup.database.connect(&data).await;
    execute(&file, "DELETE FROM seaql_migrations WHERE version LIKE '%add_pages'").await;
    file.close().await.unwrap();
    refused(&setup, &elsewhere, 3, &["add_pages", "vestibule migrate up"]).await;
    std::fs::remove_file(data.join("vestibule.db")).unwrap();
    refused(&setup, &elsewhere, 1, &["there is no database", "vestibule.db"]).await;
    assert!(!data.join("vestibule.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_move_changes_nothing() {
    let title = "A killed move has moved nothing; the next one moves every row";
    let mut experiment = Experiment::begin("E29", title, &Database::Postgres(String::new()));
    let people = experiment.figure("people", 100_000, 1_000_000);
    let kills = experiment.figure("kills_of_moves", 3, 50);
    let mut dice = experiment.dice();
    let mut service = Setup::on(Database::sqlite()).start().await;
    assert_eq!(service.terminate().await.code(), Some(0));
    let file = service.database().await;
    fill(&file, people).await;
    file.close().await.unwrap();
    let (database, url) = target().await;
    let db = database.connect(service.data.path()).await;
    let began = Instant::now();
    let rehearsed = relocate(&service.setup, service.data.path(), &url, &["--dry-run"]).await;
    assert_eq!(rehearsed.0, 0, "{rehearsed:?}");
    let took = u64::try_from(began.elapsed().as_millis()).unwrap();
    let mut half = 0;
    for _ in 0..kills {
        let arguments = ["move", "--to", &url];
        let mut child = service.setup.command(service.data.path(), &arguments).spawn().unwrap();
        // Some are killed before the first row, most in between, none after the last.
        let life = Duration::from_millis(dice.below(took / 2));
        let ended = tokio::time::timeout(life, child.wait()).await;
        assert!(ended.is_err(), "it ended by itself: {ended:?}");
        child.kill().await.unwrap();
        half += usize::from(!tables(&db).await.is_empty());
        experiment.tried(1);
    }
    let began = Instant::now();
    let moved = relocate(&service.setup, service.data.path(), &url, &["--json"]).await;
    let took = began.elapsed();
    assert_eq!(moved.0, 0, "{moved:?}");
    let there = count(&db, "SELECT count(*) FROM users").await;
    let missing = people.abs_diff(usize::try_from(there).unwrap());
    experiment.exactly("half_moved", half, 0);
    experiment.exactly("rows_missing", missing, 0);
    experiment.measure("move_s", rounded(took.as_secs_f64()));
    experiment.conclude();
}
