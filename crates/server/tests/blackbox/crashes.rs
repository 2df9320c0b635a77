//! SIGKILL, repeatedly, during sign-ups and password resets: acknowledged writes exist, others exist
//! completely or not at all, and the service restarts at once.
//!
//! On PostgreSQL the server's connections are also terminated, in every third round.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::{Database, count, text};
use crate::evidence::{Dice, Experiment, millis};
use crate::on_both_databases;
use crate::people::{PATIENCE, RESET, mails_so_far};
use crate::service::{Service, Setup, eventually};

on_both_databases! {
    nothing_acknowledged_is_lost_and_nothing_is_half_done;
}

/// Clients that sign up, each round; and clients that reset passwords.
const NEWCOMERS: usize = 4;
const FORGETFUL: usize = 2;
/// Links each of the forgetful has to use in a round.
const LINKS: usize = 2;

const OLD: &str = "the password so far";
const NEW: &str = "the password from now on";

async fn nothing_acknowledged_is_lost_and_nothing_is_half_done(database: Database) {
    let title = "A service killed at any moment loses no acknowledged write";
    let mut experiment = Experiment::begin("E01", title, &database);
    let on_sqlite = database.url().is_none();
    let rounds = if on_sqlite {
        experiment.figure("kills", 40, 1000)
    } else {
        experiment.figure("kills_on_postgres", 12, 300)
    };
    let mut dice = experiment.dice();
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let setup = Setup::on(database).mailing_to(&smtp).with("VESTIBULE_RESET__TTL", "24h");
    let mut service = setup.start().await;
    let db = service.database().await;

    let mut links = prepare_links(&service, &smtp, rounds * FORGETFUL * LINKS).await;
    let journal = Arc::new(Mutex::new(Journal::default()));
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        let life = Duration::from_millis(20 + dice.below(481));
        let mut clients = JoinSet::new();
        for client in 0..NEWCOMERS {
            let name = format!("new-{round}-{client}");
            clients.spawn(sign_up_until_it_dies(Client::of(&service, &journal), name));
        }
        for _ in 0..FORGETFUL {
            let mine = links.split_off(links.len() - LINKS);
            clients.spawn(reset_until_it_dies(Client::of(&service, &journal), mine));
        }
        let all_done = async {
            while let Some(ended) = clients.join_next().await {
                assert_eq!(ended.unwrap(), Ok(()));
            }
        };
        let outcome = tokio::time::timeout(life, all_done).await;
        assert!(outcome.is_err(), "the newcomers stopped before the service was killed");
        if !on_sqlite && round % 3 == 2 {
            cut_connections(&db).await;
        }
        service.kill().await;
        for ended in clients.join_all().await {
            assert_eq!(ended, Ok(()));
        }
        let start = Instant::now();
        service.restart().await;
        slowest = slowest.max(start.elapsed());
        nothing_is_damaged(&db, on_sqlite).await;
    }
    experiment.tried(rounds);

    let journal = std::mem::take(&mut *journal.lock().unwrap());
    let (signed_up, reset) = (journal.signed_up.len(), journal.acknowledged());
    experiment.measure("sign_ups_acknowledged", signed_up);
    experiment.measure("resets_acknowledged", reset);
    experiment.measure("resets_cut_off", journal.resets.len() - reset);
    every_account_is_complete(&db).await;
    experiment.exactly("sign_ups_lost", lost(&db, &journal).await, 0);
    let some = experiment.figure("sign_ins", 20, 500);
    newcomers_can_sign_in(&service, &journal, &mut dice, some).await;
    interrupted_clients_can_try_again(&service, &journal, some).await;
    let mut half_done = 0;
    for (email, acknowledged) in &journal.resets {
        half_done += usize::from(!is_all_or_nothing(&service, &db, email, *acknowledged).await);
    }
    experiment.exactly("resets_lost_or_half_done", half_done, 0);
    let bound = if on_sqlite { 2000.0 } else { 5000.0 };
    experiment.at_most("slowest_start_ms", millis(slowest), bound);
    let waiting = "SELECT count(*) FROM outbox WHERE state = 'queued' AND leased_until IS NULL";
    assert!(eventually(PATIENCE, async || count(&db, waiting).await == 0).await);
    experiment.conclude();
}

/// Ends every other connection to the database, as an administrator of it or an accident may.
async fn cut_connections(db: &DatabaseConnection) {
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    count(db, cut).await;
}

/// Accounts with links, by mail, before anything is killed.
async fn prepare_links(service: &Service, smtp: &SmtpSink, count: usize) -> Vec<(String, String)> {
    let emails: Vec<String> = (0..count).map(|n| format!("forgetful{n}@example.com")).collect();
    for email in &emails {
        assert_eq!(service.sign_up(email, OLD).await.status, 201);
        assert_eq!(service.forget(email).await.status, 200);
    }
    let patience = PATIENCE * u32::try_from(1 + count / 50).unwrap();
    smtp.wait_for(2 * count, patience).await;
    let token = |email: &String| {
        let mail = mails_so_far(smtp, email, RESET).pop().expect("a mail with a link");
        mail.token().expect("a link").to_owned()
    };
    emails.iter().map(|email| (email.clone(), token(email))).collect()
}

/// Requests of the clients, and which of them were acknowledged.
#[derive(Default)]
struct Journal {
    /// Addresses with which a client began to sign up.
    tried: Vec<String>,
    /// Addresses for which a whole 201 was read.
    signed_up: Vec<String>,
    /// Addresses whose reset was begun, and whether a whole 200 was read.
    resets: BTreeMap<String, bool>,
}

impl Journal {
    fn acknowledged(&self) -> usize {
        self.resets.values().filter(|acknowledged| **acknowledged).count()
    }
}

/// A client that uses the service until it is killed.
struct Client {
    http: reqwest::Client,
    base: String,
    journal: Arc<Mutex<Journal>>,
}

impl Client {
    fn of(service: &Service, journal: &Arc<Mutex<Journal>>) -> Self {
        let (http, base) = (service.http.clone(), service.url("/api/v1/auth"));
        Self { http, base, journal: journal.clone() }
    }

    /// A status once its whole body has been read; `None` when the service is gone.
    async fn post(&self, path: &str, body: &Value) -> Option<StatusCode> {
        let request = self.http.post(format!("{}/{path}", self.base)).json(body);
        let response = request.send().await.ok()?;
        let status = response.status();
        response.json::<Value>().await.ok().map(|_| status)
    }
}

/// Fails with a status that is neither a success nor "busy".
async fn sign_up_until_it_dies(client: Client, name: String) -> Result<(), StatusCode> {
    for number in 0.. {
        let username = format!("{name}-{number}");
        let email = format!("{username}@example.com");
        let body = json!({ "email": email, "username": username, "password": OLD });
        client.journal.lock().unwrap().tried.push(email.clone());
        match client.post("signup", &body).await {
            None => break,
            Some(StatusCode::CREATED) => client.journal.lock().unwrap().signed_up.push(email),
            Some(StatusCode::SERVICE_UNAVAILABLE) => {}
            Some(other) => return Err(other),
        }
    }
    Ok(())
}

async fn reset_until_it_dies(
    client: Client,
    links: Vec<(String, String)>,
) -> Result<(), StatusCode> {
    for (email, token) in links {
        let note = |acknowledged| {
            client.journal.lock().unwrap().resets.insert(email.clone(), acknowledged);
        };
        note(false);
        let body = json!({ "token": token, "new_password": NEW });
        match client.post("reset-password", &body).await {
            None => break,
            Some(StatusCode::OK) => note(true),
            Some(StatusCode::SERVICE_UNAVAILABLE) => {}
            Some(other) => return Err(other),
        }
    }
    Ok(())
}

async fn nothing_is_damaged(db: &DatabaseConnection, on_sqlite: bool) {
    if on_sqlite {
        assert_eq!(text(db, "PRAGMA integrity_check").await, "ok");
        assert_eq!(count(db, "SELECT count(*) FROM pragma_foreign_key_check").await, 0);
    }
}

/// Acknowledged or not: no account lacks rows that are written together with it.
async fn every_account_is_complete(db: &DatabaseConnection) {
    for lack in [
        "NOT EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id)",
        "NOT EXISTS (SELECT 1 FROM outbox o WHERE o.user_id = u.id AND o.kind = 'welcome')",
        "credentials_version = 1 AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id)",
        "(SELECT count(*) FROM outbox o WHERE o.user_id = u.id AND o.kind = 'welcome') > 1",
    ] {
        let half = count(db, &format!("SELECT count(*) FROM users u WHERE {lack}")).await;
        assert_eq!(half, 0, "users of whom {lack}");
    }
}

/// Counts acknowledged writes that are missing.
async fn lost(db: &DatabaseConnection, journal: &Journal) -> usize {
    assert!(!journal.signed_up.is_empty(), "no sign-up succeeded: nothing was tried");
    let mut lost = 0;
    for email in &journal.signed_up {
        let known = format!("SELECT count(*) FROM users WHERE email_key = '{email}'");
        lost += usize::from(count(db, &known).await != 1);
    }
    lost
}

async fn newcomers_can_sign_in(service: &Service, journal: &Journal, dice: &mut Dice, some: usize) {
    for _ in 0..some {
        let email = dice.pick(&journal.signed_up);
        assert_eq!(service.sign_in(email, OLD).await.status, 200, "{email}");
    }
}

/// Repeats unacknowledged sign-ups; the response must match whether the account exists.
async fn interrupted_clients_can_try_again(service: &Service, journal: &Journal, some: usize) {
    let acknowledged: BTreeSet<&String> = journal.signed_up.iter().collect();
    let cut_off = journal.tried.iter().filter(|email| !acknowledged.contains(email));
    for email in cut_off.take(some) {
        let again = service.sign_up(email, OLD).await;
        if again.status != 201 {
            again.is(400, "Email already registered");
        }
        assert_eq!(service.sign_in(email, OLD).await.status, 200, "{email}");
    }
}

/// Link, password, credentials version, sessions and notification are consistent.
async fn is_all_or_nothing(
    service: &Service,
    db: &DatabaseConnection,
    email: &str,
    acknowledged: bool,
) -> bool {
    let user = format!("(SELECT id FROM users WHERE email_key = '{email}')");
    let of_theirs = |what: &str| format!("SELECT count(*) FROM {what} AND user_id = {user}");
    let spent = count(db, &of_theirs("password_resets WHERE used_at IS NOT NULL")).await;
    let sessions = count(db, &of_theirs("sessions WHERE credentials_version = 1")).await;
    let notices = count(db, &of_theirs("outbox WHERE kind = 'password_changed'")).await;
    let credentials_version = format!("SELECT credentials_version FROM users WHERE id = {user}");
    let credentials_version = count(db, &credentials_version).await;
    let old = service.sign_in(email, OLD).await.status;
    let new = service.sign_in(email, NEW).await.status;

    let all = (1, 0, 1, 2, 401, 200);
    let nothing = (0, 1, 0, 1, 200, 401);
    let found = (spent, sessions, notices, credentials_version, old, new);
    let is_whole = found == all || (found == nothing && !acknowledged);
    if !is_whole {
        eprintln!("{email}, acknowledged {acknowledged}: {found:?}");
    }
    is_whole
}
