//! A database that is unavailable, hangs, is full, locked or read-only: requests get 503 in time,
//! nothing is acknowledged wrongly, and the service recovers without a restart.

use std::process::Stdio;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, TransactionTrait};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::cluster::Cluster;
use crate::connections::spawn;
use crate::database::{Database, count};
use crate::evidence::{Experiment, rounded};
use crate::proxy::{Cut, Proxy};
use crate::service::{Setup, eventually};
use crate::wire::{Draft, Raw, Wire};

const PASSWORD: &str = "a good long password";
const OTHER_PASSWORD: &str = "another long password";
/// Limit of the wait of a client, and what it takes until all is well again; and what a machine that
/// does other things adds.
const IN_TIME: f64 = 5.0;
const BUSY: Duration = Duration::from_secs(30);
const READY: &str = "/health/ready";
const ALIVE: &str = "/health/live";

/// A service that need not be ready.
struct Started {
    child: Child,
    address: String,
    /// Removed when it ends.
    _data: TempDir,
}

impl Started {
    async fn of(setup: &Setup) -> Self {
        let data = TempDir::new().unwrap();
        let (child, address) = spawn(setup, data.path(), Stdio::null());
        let started = Self { child, address, _data: data };
        let is_there = async || Wire::reach(&started.address).await.is_ok();
        assert!(eventually(BUSY, is_there).await, "it listens");
        started
    }

    async fn ask(&self, draft: &Draft) -> Raw {
        Wire::to(&self.address).await.exchange(draft).await
    }

    async fn sign_up(&self, name: &str) -> Raw {
        self.ask(&signing_up(name)).await
    }

    /// SIGTERM; answers the exit code.
    async fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        tokio::time::timeout(BUSY, self.child.wait()).await.expect("an end").unwrap().code()
    }
}

fn signing_up(name: &str) -> Draft {
    let body = serde_json::json!({
        "email": format!("{name}@example.com"), "username": name, "password": PASSWORD,
    });
    Draft::json("/api/v1/auth/signup", body.to_string())
}

fn token(raw: &Raw) -> String {
    let body: serde_json::Value = serde_json::from_slice(&raw.body).unwrap();
    body["access_token"].as_str().expect("an access token").to_owned()
}

/// Observations of one kind of failure.
#[derive(Default)]
struct Seen {
    wrong: Vec<String>,
    slowest: Duration,
    recovery: Duration,
}

impl Seen {
    /// Sends every request that needs the database; each must be answered with 503.
    async fn suffer(&mut self, service: &Started, token: &str, trouble: &str) {
        let me = Draft::new("GET", "/api/v1/auth/me").bearing(token);
        let forgot = r#"{"email":"anna@example.com"}"#;
        let drafts = [
            ("sign-up", signing_up(trouble)),
            ("forgot", Draft::json("/api/v1/auth/forgot-password", forgot)),
            ("me", me),
        ];
        let asked = drafts.map(|(what, draft)| async move {
            let start = Instant::now();
            (what, service.ask(&draft).await, start.elapsed())
        });
        let [first, second, third] = asked;
        let answers = tokio::join!(first, second, third);
        for (what, raw, took) in [answers.0, answers.1, answers.2] {
            self.slowest = self.slowest.max(took);
            let asks_to_return = raw.headers.iter().any(|(name, _)| name == "retry-after");
            if raw.status != 503 || !asks_to_return {
                self.wrong.push(format!("{trouble}: {what} is answered {}", raw.status));
            }
        }
    }

    /// Waits until signing up works again.
    async fn recover(&mut self, service: &Started, trouble: &str) {
        let start = Instant::now();
        let mut names = 0..;
        loop {
            let name = format!("after-{trouble}-{}", names.next().unwrap());
            let raw = service.sign_up(&name).await;
            match raw.status {
                201 => break,
                503 if start.elapsed() < BUSY => {}
                other => panic!("{trouble}: {other}"),
            }
        }
        self.recovery = self.recovery.max(start.elapsed());
    }

    fn tell(self, experiment: &mut Experiment) {
        eprintln!("{:#?}", self.wrong);
        experiment.exactly("wrong_answers", self.wrong.len(), 0);
        experiment.at_most("slowest_503_s", rounded(self.slowest.as_secs_f64()), IN_TIME);
        experiment.at_most("slowest_recovery_s", rounded(self.recovery.as_secs_f64()), IN_TIME);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_recovers_when_the_database_returns_postgres() {
    let mut cluster = Cluster::new().await;
    let title = "An unavailable, full, locked or read-only database leads to 503 in time";
    let mut experiment = Experiment::begin("E11", title, &cluster.database());
    let setup = Setup::on(cluster.database());

    let service = Started::of(&setup).await;
    assert_eq!(service.ask(&Draft::new("GET", ALIVE)).await.status, 200);
    assert_eq!(service.ask(&Draft::new("GET", READY)).await.status, 503);
    let early = service.sign_up("early").await;
    assert_eq!(early.status, 503, "{early:?}");
    assert!(early.headers.iter().any(|(name, _)| name == "retry-after"), "{early:?}");
    let impatient = Started::of(&setup).await;
    assert_eq!(impatient.terminate().await, Some(0));

    cluster.start().await;
    let came = Instant::now();
    let ready = async || service.ask(&Draft::new("GET", READY)).await.status == 200;
    assert!(eventually(BUSY, ready).await);
    experiment.at_most("first_connection_s", rounded(came.elapsed().as_secs_f64()), IN_TIME);
    let token = token(&service.sign_up("anna").await);

    let mut seen = Seen::default();
    cluster.stop().await;
    seen.suffer(&service, &token, "stopped").await;
    cluster.start().await;
    seen.recover(&service, "stopped").await;

    let db = cluster.administrator().await;
    let role = Cluster::role();
    for (trouble, begin, end) in [
        (
            "read-only",
            "ALTER SYSTEM SET default_transaction_read_only = on".to_owned(),
            "ALTER SYSTEM RESET default_transaction_read_only".to_owned(),
        ),
        (
            "full",
            format!("ALTER ROLE {role} CONNECTION LIMIT 0"),
            format!("ALTER ROLE {role} CONNECTION LIMIT -1"),
        ),
    ] {
        db.execute_unprepared(&begin).await.unwrap();
        db.execute_unprepared("SELECT pg_reload_conf()").await.unwrap();
        if trouble == "full" {
            let end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ";
            db.execute_unprepared(&format!("{end_all}'{role}'")).await.unwrap();
        } else {
            let writable = "SELECT count(*) FROM pg_settings WHERE setting = 'off' AND \
                            name = 'default_transaction_read_only'";
            assert!(eventually(BUSY, async || count(&db, writable).await == 0).await);
            // A connection that was read from before fails at the first write.
            assert_eq!(service.sign_up("read-only-first").await.status, 503);
        }
        seen.suffer(&service, &token, trouble).await;
        db.execute_unprepared("SET default_transaction_read_only = off").await.unwrap();
        db.execute_unprepared(&end).await.unwrap();
        db.execute_unprepared("SELECT pg_reload_conf()").await.unwrap();
        seen.recover(&service, trouble).await;
    }

    let lock = db.begin().await.unwrap();
    let everything = "LOCK TABLE users, sessions, reset_requests IN ACCESS EXCLUSIVE MODE";
    lock.execute_unprepared(everything).await.unwrap();
    seen.suffer(&service, &token, "locked").await;
    lock.rollback().await.unwrap();
    seen.recover(&service, "locked").await;
    experiment.tried(4);
    seen.tell(&mut experiment);
    assert_eq!(service.terminate().await, Some(0));
    experiment.conclude();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_packets_to_the_database_end_in_timeouts_postgres() {
    let Database::Postgres(url) = Database::postgres().await else { unreachable!() };
    let proxy = Proxy::before(&url).await;
    let database = Database::Postgres(proxy.stand_in(&url));
    let title = "A silent network to the database leads to 503 in time";
    let mut experiment = Experiment::begin("E11", title, &database);
    let service = Started::of(&Setup::on(database)).await;
    let ready = async || service.ask(&Draft::new("GET", READY)).await.status == 200;
    assert!(eventually(BUSY, ready).await);
    let token = token(&service.sign_up("anna").await);
    let mut seen = Seen::default();
    for round in 0..experiment.figure("silences", 1, 10) {
        let trouble = format!("silent-{round}");
        proxy.be_silent();
        seen.suffer(&service, &token, &trouble).await;
        assert_eq!(service.ask(&Draft::new("GET", READY)).await.status, 503);
        // As after a failover: new connections work, old ones hang.
        proxy.carry_new_ones();
        seen.recover(&service, &trouble).await;
        experiment.tried(1);
    }
    seen.tell(&mut experiment);
    experiment.conclude();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_is_cut_off_is_all_or_nothing_and_can_be_tried_again_postgres() {
    let original = Database::postgres().await;
    let url = original.url().unwrap();
    let proxy = Proxy::before(url).await;
    let title = "A commit with a lost response is not acknowledged, and is all or nothing";
    let mut experiment = Experiment::begin("E11", title, &original);
    let rounds = experiment.figure("commits_cut", 20, 200);
    let database = Database::Postgres(proxy.stand_in(url));
    // The worker commits as well.
    let service = Setup::on(database).with_argument("--no-worker").start().await;
    let db = original.connect(service.data.path()).await;
    let (mut acknowledged, mut half_done) = (0, 0);
    for round in 0..rounds {
        let when = if round % 2 == 0 { Cut::Before } else { Cut::After };
        let (name, email) = (format!("user{round}"), format!("user{round}@example.com"));
        proxy.cut_next_commit(when);
        let answer = service.sign_up(&email, PASSWORD).await;
        assert!(!proxy.is_armed(), "a commit was cut");
        acknowledged += usize::from(answer.status != 503);
        let users = "SELECT count(*) FROM users u WHERE username = ";
        let there = count(&db, &format!("{users}'{name}'")).await;
        let whole = "EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id) AND \
                     EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id) AND \
                     EXISTS (SELECT 1 FROM outbox o WHERE o.user_id = u.id)";
        let is_whole = count(&db, &format!("{users}'{name}' AND {whole}")).await;
        let expected = i64::from(when == Cut::After);
        half_done += usize::from((there, is_whole) != (expected, expected));
        let again = service.sign_up(&email, PASSWORD).await;
        match when {
            Cut::Before => assert_eq!(again.status, 201, "{again:?}"),
            Cut::After => again.is(400, "Email already registered"),
        }
        let token = service.sign_in(&email, PASSWORD).await.token();

        proxy.cut_next_commit(when);
        let answer = service.change(&token, PASSWORD, OTHER_PASSWORD).await;
        acknowledged += usize::from(answer.status != 503);
        let old = service.sign_in(&email, PASSWORD).await.status;
        let new = service.sign_in(&email, OTHER_PASSWORD).await.status;
        let expected = if when == Cut::After { (401, 200) } else { (200, 401) };
        half_done += usize::from((old, new) != expected);
    }
    experiment.tried(2 * rounds);
    experiment.exactly("acknowledged", acknowledged, 0);
    experiment.exactly("half_done", half_done, 0);
    experiment.conclude();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permanent_database_errors_end_the_start_postgres() {
    let database = Database::postgres().await;
    let url = database.url().unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    let (_, host) = server.rsplit_once('@').unwrap();
    for wrong in [format!("{server}/nowhere"), format!("postgres://no_such_role@{host}/postgres")] {
        let data = TempDir::new().unwrap();
        let setup = Setup::on(Database::Postgres(wrong));
        for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["worker"]] {
            let running = setup.command(data.path(), arguments).output();
            let ended = tokio::time::timeout(BUSY, running).await.expect("an end").unwrap();
            let errors = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), Some(3), "{errors}");
            assert!(
                errors.contains("error: database.url: the database server refused"),
                "{errors}"
            );
        }
    }
}
