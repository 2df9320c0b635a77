//! Killed without warning, over and over, while people sign up and reset their passwords: what was
//! acknowledged is there, what was not is there as a whole or not at all, and the service is back
//! at once.
//!
//! `VESTIBULE_TEST_KILLS` is how many times on SQLite, and four times as many as on PostgreSQL.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::{Database, count, text};
use crate::on_both_databases;
use crate::people::{PATIENCE, RESET, mails_so_far};
use crate::service::{Service, Setup, eventually};

on_both_databases! {
    nothing_acknowledged_is_lost_and_nothing_is_half_done;
}

const KILLS: u64 = 40;
/// Clients that sign up, each round; and clients that reset passwords.
const NEWCOMERS: usize = 4;
const FORGETFUL: usize = 2;
/// Links each of the forgetful has to use in a round.
const LINKS: usize = 2;

const OLD: &str = "the password so far";
const NEW: &str = "the password from now on";

async fn nothing_acknowledged_is_lost_and_nothing_is_half_done(database: Database) {
    let on_sqlite = database.url().is_none();
    let kills = std::env::var("VESTIBULE_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let kills = if on_sqlite { kills } else { kills.div_ceil(4) };
    let bound = Duration::from_secs(if on_sqlite { 2 } else { 5 });
    let mut dice = Dice::new();
    let relay = SmtpSink::start(Behaviour::accept()).await;
    let setup = Setup::on(database).mailing_to(&relay).with("VESTIBULE_RESET__TTL", "24h");
    let mut service = setup.start().await;

    let rounds = usize::try_from(kills).unwrap();
    let mut links = prepare_links(&service, &relay, rounds * FORGETFUL * LINKS).await;
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
        service.kill().await;
        for ended in clients.join_all().await {
            assert_eq!(ended, Ok(()));
        }
        let start = Instant::now();
        service.restart().await;
        slowest = slowest.max(start.elapsed());
    }
    assert!(slowest < bound, "ready only after {slowest:?}");

    let journal = std::mem::take(&mut *journal.lock().unwrap());
    let (signed_up, reset) = (journal.signed_up.len(), journal.acknowledged());
    let cut = journal.resets.len() - reset;
    eprintln!(
        "{kills} kills, seed {}: {signed_up} sign-ups and {reset} resets acknowledged, {cut} resets \
         cut off, ready again after {slowest:?} at most",
        dice.seed,
    );
    let db = service.database().await;
    nothing_is_damaged(&db, on_sqlite).await;
    everybody_is_whole(&db).await;
    newcomers_are_there(&service, &db, &journal, &mut dice).await;
    for (email, acknowledged) in &journal.resets {
        reset_is_all_or_nothing(&service, &db, email, *acknowledged).await;
    }
    let waiting = "SELECT count(*) FROM outbox WHERE state = 'queued' AND leased_until IS NULL";
    assert!(eventually(PATIENCE, async || count(&db, waiting).await == 0).await);
}

/// Accounts with links, by mail, before anything is killed.
async fn prepare_links(service: &Service, relay: &SmtpSink, count: usize) -> Vec<(String, String)> {
    let emails: Vec<String> = (0..count).map(|n| format!("forgetful{n}@example.com")).collect();
    for email in &emails {
        assert_eq!(service.sign_up(email, OLD).await.status, 201);
        assert_eq!(service.forget(email).await.status, 200);
    }
    let patience = PATIENCE * u32::try_from(1 + count / 50).unwrap();
    relay.wait_for(2 * count, patience).await;
    let token = |email: &String| {
        let mail = mails_so_far(relay, email, RESET).pop().expect("a mail with a link");
        mail.token().expect("a link").to_owned()
    };
    emails.iter().map(|email| (email.clone(), token(email))).collect()
}

/// What the clients know for certain.
#[derive(Default)]
struct Journal {
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

/// One of many who use the service until it dies.
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

/// Acknowledged or not: nobody lacks anything that is written together with the account.
async fn everybody_is_whole(db: &DatabaseConnection) {
    for lack in [
        "NOT EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id)",
        "NOT EXISTS (SELECT 1 FROM outbox o WHERE o.user_id = u.id AND o.kind = 'welcome')",
        "credential_epoch = 1 AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id)",
        "(SELECT count(*) FROM outbox o WHERE o.user_id = u.id AND o.kind = 'welcome') > 1",
    ] {
        let half = count(db, &format!("SELECT count(*) FROM users u WHERE {lack}")).await;
        assert_eq!(half, 0, "users of whom {lack}");
    }
}

async fn newcomers_are_there(
    service: &Service,
    db: &DatabaseConnection,
    journal: &Journal,
    dice: &mut Dice,
) {
    let emails = &journal.signed_up;
    assert!(!emails.is_empty(), "nobody could sign up: nothing was tried");
    for email in emails {
        let known = format!("SELECT count(*) FROM users WHERE email_key = '{email}'");
        assert_eq!(count(db, &known).await, 1, "{email} was acknowledged and is lost");
    }
    for _ in 0..20 {
        let chosen = dice.below(u64::try_from(emails.len()).unwrap());
        let email = &emails[usize::try_from(chosen).unwrap()];
        assert_eq!(service.sign_in(email, OLD).await.status, 200, "{email}");
    }
}

/// The link, the password, the epoch, the sessions and the notice tell one story.
async fn reset_is_all_or_nothing(
    service: &Service,
    db: &DatabaseConnection,
    email: &str,
    acknowledged: bool,
) {
    let user = format!("(SELECT id FROM users WHERE email_key = '{email}')");
    let of_theirs = |what: &str| format!("SELECT count(*) FROM {what} AND user_id = {user}");
    let spent = count(db, &of_theirs("password_resets WHERE used_at IS NOT NULL")).await;
    let sessions = count(db, &of_theirs("sessions WHERE credential_epoch = 1")).await;
    let notices = count(db, &of_theirs("outbox WHERE kind = 'password_changed'")).await;
    let epoch = format!("SELECT credential_epoch FROM users WHERE id = {user}");
    let epoch = count(db, &epoch).await;
    let old = service.sign_in(email, OLD).await.status;
    let new = service.sign_in(email, NEW).await.status;

    let all = (1, 0, 1, 2, 401, 200);
    let nothing = (0, 1, 0, 1, 200, 401);
    let found = (spent, sessions, notices, epoch, old, new);
    assert!(found == all || (found == nothing && !acknowledged), "{email}: {found:?}");
}

/// Chance that can be repeated: xorshift.
struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// Seeded from the process, or from `VESTIBULE_TEST_SEED`.
    fn new() -> Self {
        let seed = std::env::var("VESTIBULE_TEST_SEED")
            .map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
        let mut dice = Self { seed, state: seed ^ 0x9e37_79b9_7f4a_7c15 };
        // The first numbers of similar seeds are similar.
        for _ in 0..16 {
            dice.below(1);
        }
        dice
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }
}
