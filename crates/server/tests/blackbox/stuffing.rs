//! Credential stuffing: leaked addresses and passwords tried from many IP addresses at once, and a
//! distributed guessing attack on one account.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::Database;
use crate::evidence::{Dice, Experiment, rounded};
use crate::on_both_databases;
use crate::people::{REQUESTED, RESET, mail_to};
use crate::service::{Service, Setup};
use crate::wire::{Draft, Raw, Wire};

on_both_databases! {
    a_list_of_passwords_is_tried_no_faster_than_the_limits;
    a_distributed_guessing_attack_on_one_account_fails;
}

const SIGN_IN: &str = "/api/v1/auth/signin";
const FORGOT: &str = "/api/v1/auth/forgot-password";
const PASSWORD: &str = "the first password";
/// Sign-ins per minute and client, and wrong passwords in a row: `docs/security.md`.
const A_MINUTE: usize = 20;
const IN_A_ROW: usize = 100;
const MINUTE: Duration = Duration::from_mins(1);
/// Number of concurrent attempts.
const AT_A_TIME: usize = 8;

/// One attempt to sign in.
#[derive(Clone)]
struct Pair {
    client: String,
    email: String,
    password: String,
}

/// The outcome of an attempt.
struct Outcome {
    pair: Pair,
    asked: Instant,
    answered: Instant,
    raw: Raw,
}

impl Outcome {
    /// Returns `true` if the password was checked.
    fn is_accepted(&self) -> bool {
        matches!(self.raw.status, 200 | 401)
    }
}

/// All clients use a proxy that the service trusts.
fn guarded(database: Database, smtp: &SmtpSink) -> Setup {
    Setup::on(database)
        .mailing_to(smtp)
        .with("VESTIBULE_LIMITS__ENABLED", "true")
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
}

fn post(path: &str, client: &str, body: &serde_json::Value) -> Draft {
    Draft::json(path, body.to_string()).header("X-Forwarded-For", client)
}

/// Creates accounts, each from a separate IP address.
async fn open_accounts(service: &Service, count: usize) {
    let mut wire = service.wire().await;
    for number in 0..count {
        let name = format!("user{number}");
        let body = json!({ "email": email(number), "username": name, "password": PASSWORD });
        let client = format!("10.1.{}.{}", number / 250, number % 250);
        let raw = wire.exchange(&post("/api/v1/auth/signup", &client, &body)).await;
        assert_eq!(raw.status, 201, "{raw:?}");
    }
}

fn email(number: usize) -> String {
    format!("user{number}@example.com")
}

async fn sign_in(wire: &mut Wire, pair: Pair) -> Outcome {
    let body = json!({ "email": pair.email, "password": pair.password });
    let asked = Instant::now();
    let raw = wire.exchange(&post(SIGN_IN, &pair.client, &body)).await;
    Outcome { pair, asked, answered: Instant::now(), raw }
}

/// Tries all pairs in order, several at a time.
async fn try_all(service: &Service, pairs: Vec<Pair>) -> Vec<Outcome> {
    let (pairs, mut lanes) = (Arc::new(Mutex::new(VecDeque::from(pairs))), JoinSet::new());
    for _ in 0..AT_A_TIME {
        let (mut wire, pairs) = (service.wire().await, pairs.clone());
        lanes.spawn(async move {
            let mut outcomes = Vec::new();
            loop {
                let next = pairs.lock().unwrap().pop_front();
                let Some(pair) = next else { return outcomes };
                outcomes.push(sign_in(&mut wire, pair).await);
            }
        });
    }
    lanes.join_all().await.into_iter().flatten().collect()
}

/// The most accepted attempts from one address within any minute.
fn most_in_a_minute(outcomes: &[Outcome]) -> usize {
    let mut of_client: HashMap<&str, Vec<&Outcome>> = HashMap::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.is_accepted()) {
        of_client.entry(&outcome.pair.client).or_default().push(outcome);
    }
    let most = of_client.values_mut().map(|accepted| {
        accepted.sort_by_key(|outcome| outcome.asked);
        let within = |first: &Outcome, other: &&&Outcome| {
            other.asked >= first.asked && other.answered < first.asked + MINUTE
        };
        let counts =
            accepted.iter().map(|first| accepted.iter().filter(|o| within(first, o)).count());
        counts.max().unwrap()
    });
    most.max().unwrap_or(0)
}

async fn a_list_of_passwords_is_tried_no_faster_than_the_limits(database: Database) {
    let title = "Credential lists are tried within the limits and open only matching accounts";
    let mut experiment = Experiment::begin("E08", title, &database);
    let addresses = experiment.figure("addresses", 8, 50);
    let list = experiment.figure("pairs", 320, 50_000);
    let accounts = experiment.figure("accounts", 16, 200);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = guarded(database, &smtp).start().await;
    open_accounts(&service, accounts).await;
    let pairs = stolen_list(&mut experiment.dice(), list, addresses, accounts);
    let right = pairs.iter().filter(|pair| pair.password == PASSWORD).count();
    experiment.measure("addresses", addresses);
    experiment.measure("accounts", accounts);
    experiment.measure("pairs_that_are_right", right);
    let start = Instant::now();
    let outcomes = try_all(&service, pairs).await;
    let took = start.elapsed();
    tell(&mut experiment, &outcomes, addresses, took);
    experiment.conclude();
}

/// A leaked list. One pair in a hundred is right; half of the other addresses have no account.
fn stolen_list(dice: &mut Dice, length: usize, addresses: usize, accounts: usize) -> Vec<Pair> {
    let mut below =
        |bound: usize| usize::try_from(dice.below(u64::try_from(bound).unwrap())).unwrap();
    let place = below(100);
    let pair = |number: usize| {
        let client = format!("203.0.113.{}", number % addresses);
        if number % 100 == place {
            let email = email(below(accounts));
            return Pair { client, email, password: PASSWORD.to_owned() };
        }
        let email = email(below(accounts * 2));
        Pair { client, email, password: format!("lost elsewhere {number}") }
    };
    (0..length).map(pair).collect()
}

fn tell(experiment: &mut Experiment, outcomes: &[Outcome], addresses: usize, took: Duration) {
    let of = |status: u16| outcomes.iter().filter(|outcome| outcome.raw.status == status).count();
    let accepted = outcomes.iter().filter(|outcome| outcome.is_accepted()).count();
    let opened = outcomes.iter().filter(|outcome| outcome.raw.status == 200);
    let by_a_wrong_one = opened.clone().filter(|outcome| outcome.pair.password != PASSWORD).count();
    let fallen: HashSet<&str> = opened.map(|outcome| outcome.pair.email.as_str()).collect();
    let others = outcomes.len() - of(200) - of(401) - of(429);
    experiment.tried(outcomes.len());
    let per_second =
        |count: usize| rounded(f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64());
    experiment.measure("offered_a_second", per_second(outcomes.len()));
    experiment.measure("accepted_a_second", per_second(accepted));
    // Each client may begin with the attempts of a whole minute at once.
    let minutes = usize::try_from(took.as_secs() / MINUTE.as_secs() + 1).unwrap();
    experiment.measure("minutes_begun", minutes);
    experiment.at_most("accepted", accepted, addresses * A_MINUTE * minutes);
    let most = most_in_a_minute(outcomes);
    experiment.at_most("most_accepted_from_an_address_in_a_minute", most, A_MINUTE);
    experiment.at_least("refused", of(429), 1);
    // The attack gets into accounts whose current password is in the list.
    experiment.at_least("accounts_that_fell", fallen.len(), 1);
    experiment.exactly("accounts_opened_by_a_wrong_password", by_a_wrong_one, 0);
    experiment.exactly("other_answers", others, 0);
}

/// The outcomes for the owner of an attacked account.
struct Ordeal {
    opened_afterwards: usize,
    forgot_refused: usize,
    session_lost: bool,
    revived: bool,
}

async fn a_distributed_guessing_attack_on_one_account_fails(database: Database) {
    let title = "After 100 failures the password is disabled; sessions and reset links still work";
    let mut experiment = Experiment::begin("E08", title, &database);
    let victims = experiment.figure("victims", 1, 10);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = guarded(database, &smtp).start().await;
    open_accounts(&service, victims).await;
    let mut ordeals = Vec::new();
    for victim in 0..victims {
        ordeals.push(besiege(&service, &smtp, victim, &mut experiment).await);
    }
    let sum = |count: fn(&Ordeal) -> usize| ordeals.iter().map(count).sum::<usize>();
    experiment.measure("victims", victims);
    experiment.exactly(
        "right_passwords_that_opened_after_a_hundred_wrong_ones",
        sum(|ordeal| ordeal.opened_afterwards),
        0,
    );
    experiment.exactly("requests_for_a_link_refused", sum(|ordeal| ordeal.forgot_refused), 0);
    experiment.exactly("sessions_lost", sum(|ordeal| usize::from(ordeal.session_lost)), 0);
    experiment.exactly("revived_by_a_link", sum(|ordeal| usize::from(ordeal.revived)), victims);
    experiment.conclude();
}

/// Attacks one account, first with wrong passwords from thirty addresses, then with the right one
/// from twenty others. The owner uses the account meanwhile.
async fn besiege(
    service: &Service,
    smtp: &SmtpSink,
    victim: usize,
    experiment: &mut Experiment,
) -> Ordeal {
    let (email, own) = (email(victim), format!("10.2.0.{victim}"));
    let pair = |client: String, password: &str| Pair {
        client,
        email: email.clone(),
        password: password.to_owned(),
    };
    let mut wire = service.wire().await;
    let session = sign_in(&mut wire, pair(own.clone(), PASSWORD)).await;
    let session = session.raw.json()["access_token"].as_str().unwrap().to_owned();

    // Four attempts from each, too few for a delay of the client.
    let wrong = IN_A_ROW + 20;
    let wrongly =
        (0..wrong).map(|n| pair(format!("203.{victim}.113.{}", n % 30), "a wrong password"));
    let guesses = try_all(service, wrongly.collect()).await;
    let accepted = guesses.iter().filter(|guess| guess.raw.status == 401).count();
    assert!(accepted >= IN_A_ROW, "{accepted} of {wrong} were accepted");
    let rightly = (0..20).map(|n| pair(format!("203.{victim}.114.{n}"), PASSWORD));
    let opened = try_all(service, rightly.collect()).await;
    let opened_afterwards = opened.iter().filter(|outcome| outcome.raw.status == 200).count();
    experiment.tried(wrong + 20);

    // Neither the attack on the password nor one on the reset form delays the reset request
    // of the owner from their own address.
    let body = json!({ "email": email });
    for n in 0..20 {
        let stranger = post(FORGOT, &format!("203.{victim}.115.{}", n % 2), &body);
        drop(wire.exchange(&stranger).await);
    }
    let asked = wire.exchange(&post(FORGOT, &own, &body)).await;
    let is_answered = asked.status == 200 && asked.json()["message"] == REQUESTED;
    let session_lost = service.me(&session).await.status != 200;
    let link = mail_to(smtp, &email, RESET).await.token().unwrap().to_owned();
    let body = json!({ "token": link, "new_password": "the second password" });
    let reset = wire.exchange(&post("/api/v1/auth/reset-password", &own, &body)).await;
    assert_eq!(reset.status, 200, "{reset:?}");
    let anew = sign_in(&mut wire, pair(own, "the second password")).await;
    Ordeal {
        opened_afterwards,
        forgot_refused: usize::from(!is_answered),
        session_lost,
        revived: anew.raw.status == 200,
    }
}
