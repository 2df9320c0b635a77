//! Answers are identical for addresses with and without an account.

use super::{FORGOT, KNOWN, PASSWORD, REQUEST, SIGN_IN, UNKNOWN, forgot_body, sign_in_body};
use super::{WRONG, with_account};
use crate::database::Database;
use crate::evidence::Experiment;
use crate::on_both_databases;
use crate::service::Setup;
use crate::wire::{Draft, Raw};

on_both_databases! {
    forgetting_is_answered_alike_for_every_address;
    signing_in_is_answered_alike_without_the_right_password;
    a_limit_that_is_reached_tells_nothing_either;
}

const INACTIVE: &str = "ivan@example.com";

async fn forgetting_is_answered_alike_for_every_address(database: Database) {
    let title = "A reset request gets identical bytes for every email";
    let mut experiment = Experiment::begin("E05", title, &database);
    let (pairs, mut different) = (experiment.figure("pairs", 50, 500), 0);
    let service = with_account(Setup::on(database).start().await).await;
    assert_eq!(service.sign_up(INACTIVE, PASSWORD).await.status, 201);
    service.run(&["user", "deactivate", INACTIVE]).await;
    let mut wire = service.wire().await;
    for path in [FORGOT, REQUEST] {
        for _ in 0..pairs {
            let mut answers = Vec::new();
            for email in [KNOWN, UNKNOWN, INACTIVE] {
                let raw = wire.exchange(&Draft::json(path, forgot_body(email))).await;
                assert_eq!(raw.status, 200, "{raw:?}");
                answers.push(comparable(raw));
            }
            different += others_than_the_first(&answers);
            experiment.tried(answers.len());
        }
    }
    experiment.exactly("answers_that_differ", different, 0);
    experiment.conclude();
}

async fn signing_in_is_answered_alike_without_the_right_password(database: Database) {
    let title = "A sign-in with a wrong password gets identical bytes for every email";
    let mut experiment = Experiment::begin("E05", title, &database);
    let (pairs, mut different) = (experiment.figure("pairs", 50, 500), 0);
    let service = with_account(Setup::on(database).start().await).await;
    assert_eq!(service.sign_up(INACTIVE, PASSWORD).await.status, 201);
    service.run(&["user", "deactivate", INACTIVE]).await;
    let mut wire = service.wire().await;
    for _ in 0..pairs {
        let mut answers = Vec::new();
        for email in [KNOWN, UNKNOWN, INACTIVE] {
            let raw = wire.exchange(&Draft::json(SIGN_IN, sign_in_body(email))).await;
            assert!(raw.status == 401, "{email}: {raw:?}");
            answers.push(comparable(raw));
        }
        different += others_than_the_first(&answers);
        experiment.tried(answers.len());
    }
    experiment.exactly("answers_that_differ", different, 0);
    // The comparison can tell: the right password is answered differently.
    service.sign_in(KNOWN, WRONG).await.is(401, "Invalid email or password");
    service.sign_in(INACTIVE, PASSWORD).await.is(403, "User account is inactive");
    assert_eq!(service.sign_in(KNOWN, PASSWORD).await.status, 200);
    experiment.conclude();
}

async fn a_limit_that_is_reached_tells_nothing_either(database: Database) {
    let title = "Rate limits respond after as many attempts, and identically, for every email";
    let mut experiment = Experiment::begin("E05", title, &database);
    let mut different = 0;
    let limited = |database| Setup::on(database).with("VESTIBULE_LIMITS__ENABLED", "true");
    // A database for each, so that both start with all their attempts; SQLite makes one by itself.
    let other = match &database {
        Database::Sqlite => Database::sqlite(),
        Database::Postgres(_) => Database::postgres().await,
    };
    let first = with_account(limited(database).start().await).await;
    let second = with_account(limited(other).start().await).await;
    for (path, body) in [(FORGOT, forgot_body as fn(&str) -> String), (SIGN_IN, sign_in_body)] {
        let (mut one, mut two) = (first.wire().await, second.wire().await);
        let mut statuses = Vec::new();
        for _ in 0..24 {
            let known = one.exchange(&Draft::json(path, body(KNOWN))).await;
            let unknown = two.exchange(&Draft::json(path, body(UNKNOWN))).await;
            statuses.push(known.status);
            let answers = [known, unknown].map(without_waiting_time);
            different += others_than_the_first(&answers);
            experiment.tried(answers.len());
        }
        assert_eq!(statuses.last(), Some(&429), "{path}: {statuses:?}");
    }
    experiment.exactly("answers_that_differ", different, 0);
    experiment.conclude();
}

fn others_than_the_first(answers: &[Raw]) -> usize {
    answers
        .iter()
        .filter(|answer| **answer != answers[0])
        .inspect(|one| eprintln!("{one:?}"))
        .count()
}

/// Everything but what is new in every answer.
fn comparable(mut raw: Raw) -> Raw {
    if let Some(id) = raw.header("x-request-id").map(str::to_owned) {
        raw.body = raw.text().replace(&id, "ID").into_bytes();
    }
    for (name, value) in &mut raw.headers {
        if matches!(name.as_str(), "date" | "x-request-id") {
            value.clear();
        }
    }
    raw
}

/// The two services did not start in the same second.
fn without_waiting_time(raw: Raw) -> Raw {
    let mut raw = comparable(raw);
    raw.headers.iter_mut().filter(|(name, _)| name == "retry-after").for_each(|(_, v)| v.clear());
    raw
}
