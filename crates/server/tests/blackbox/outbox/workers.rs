//! Links that become invalid while their mail is queued, and workers that are absent or killed.

use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use super::{PASSWORD, all_settled, message_ids};
use crate::database::{Database, count, execute, text};
use crate::evidence::Experiment;
use crate::on_both_databases;
use crate::people::{PATIENCE, REQUESTED, RESET, WELCOME, mail_to, mails_so_far, mails_to};
use crate::service::{Service, Setup, eventually};

on_both_databases! {
    an_invalid_link_in_the_queue_is_never_sent;
    without_a_worker_the_database_holds_nothing_that_opens_an_account;
    a_mail_whose_worker_was_killed_is_sent_by_the_next;
}

async fn an_invalid_link_in_the_queue_is_never_sent(database: Database) {
    let title = "A link that became invalid in the queue is never sent";
    let mut experiment = Experiment::begin("E04g", title, &database);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let db = service.database().await;
    let fates = ["alive", "expired", "spent", "superseded", "changed", "deactivated", "deleted"];
    let mut sessions = Vec::new();
    for fate in fates {
        let email = format!("{fate}@example.com");
        sessions.push(service.sign_up(&email, PASSWORD).await.token());
        mail_to(&smtp, &email, WELCOME).await;
    }
    smtp.stop().await;
    for fate in fates {
        service.forget(&format!("{fate}@example.com")).await.is(200, REQUESTED);
    }
    let tried = "SELECT count(*) FROM outbox WHERE kind = 'reset_link' AND attempts > 0";
    assert!(eventually(PATIENCE, async || count(&db, tried).await == 7).await);

    for (fate, session) in fates.into_iter().zip(sessions) {
        let email = format!("{fate}@example.com");
        let of_theirs = format!("user_id = (SELECT id FROM users WHERE email_key = '{email}')");
        let change = |how: &str| format!("UPDATE password_resets SET {how} WHERE {of_theirs}");
        match fate {
            "expired" => drop(execute(&db, &change("issued_at = 1, expires_at = 2")).await),
            "spent" => drop(execute(&db, &change("used_at = issued_at")).await),
            "superseded" => drop(service.reset_link(&email).await),
            "changed" => {
                let changed = service.change(&session, PASSWORD, "the password to be").await;
                assert_eq!(changed.status, 200);
            }
            "deactivated" => drop(service.run(&["user", "deactivate", &email]).await),
            "deleted" => drop(service.run(&["user", "delete", "--yes", &email]).await),
            _ => {}
        }
    }
    smtp.restart().await;
    all_settled(&db).await;
    let withdrawn = "FROM outbox WHERE state = 'withdrawn' AND kind = 'reset_link'";
    assert_eq!(count(&db, &format!("SELECT count(*) {withdrawn}")).await, 5);
    let mails_of = |fate| mails_so_far(&smtp, &format!("{fate}@example.com"), RESET).len();
    let (alive, dead) = fates.split_first().unwrap();
    experiment.tried(fates.len());
    experiment.exactly("live_links_sent", mails_of(*alive), 1);
    experiment.exactly("dead_links_sent", dead.iter().map(|fate| mails_of(*fate)).sum(), 0);
    experiment.conclude();
}

async fn without_a_worker_the_database_holds_nothing_that_opens_an_account(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let setup = Setup::on(database).mailing_to(&smtp);
    let mut service = setup.clone().with_argument("--no-worker").start().await;
    let email = "anna@example.com";
    service.sign_up(email, PASSWORD).await;
    service.forget(email).await.is(200, REQUESTED);

    let db = service.database().await;
    holds_no_token(&db, service.data.path()).await;
    assert_eq!(count(&db, "SELECT count(*) FROM reset_requests").await, 1);
    assert_eq!(count(&db, "SELECT count(*) FROM password_resets").await, 0);
    assert!(service.terminate().await.success());

    // The token of a link is signed only when its mail is sent.
    smtp.stop().await;
    let Service { data, .. } = service;
    let service = setup.start_in(data).await;
    let tried = "SELECT count(*) FROM outbox WHERE kind = 'reset_link' AND attempts > 0";
    assert!(eventually(PATIENCE, async || count(&db, tried).await == 1).await);
    holds_no_token(&db, service.data.path()).await;
    smtp.restart().await;
    let token = mail_to(&smtp, email, RESET).await.token().unwrap().to_owned();
    holds_no_token(&db, service.data.path()).await;
    service.reset(&token, "the password to be").await.is(200, "Password reset successfully");
}

async fn a_mail_whose_worker_was_killed_is_sent_by_the_next(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept().stalling_at(Stage::Greeting)).await;
    let mut service = Setup::on(database).mailing_to(&smtp).start().await;
    let db = service.database().await;
    service.sign_up("anna@example.com", PASSWORD).await;
    assert!(smtp.wait_until(PATIENCE, |smtp| !smtp.sessions().is_empty()).await);
    service.kill().await;
    smtp.set(Behaviour::accept());
    service.restart().await;

    // The first worker could still be running, so its lease is respected.
    service.sign_up("zoe@example.com", PASSWORD).await;
    mail_to(&smtp, "zoe@example.com", WELCOME).await;
    assert_eq!(smtp.messages().len(), 1);
    let waiting = "SELECT count(*) FROM outbox WHERE state = 'queued'";
    assert!(eventually(PATIENCE, async || count(&db, waiting).await == 1).await);
    assert_eq!(execute(&db, "UPDATE outbox SET leased_until = 1 WHERE state = 'queued'").await, 1);
    mails_to(&smtp, "anna@example.com", WELCOME, 1).await;
    all_settled(&db).await;
    assert_eq!((smtp.messages().len(), message_ids(&smtp).len()), (2, 2));
    assert_eq!(count(&db, "SELECT CAST(max(attempts) AS BIGINT) FROM outbox").await, 2);
}

/// Asserts that a copy of the database contains no token and no link.
async fn holds_no_token(db: &DatabaseConnection, data_dir: &Path) {
    let everything = if db.get_database_backend() == DbBackend::Sqlite {
        let read = |name| std::fs::read(data_dir.join(name)).unwrap();
        let bytes = [read("vestibule.db"), read("vestibule.db-wal")].concat();
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        let tables = "SELECT table_name FROM information_schema.tables \
                      WHERE table_schema = 'public'";
        let tables = Statement::from_string(DbBackend::Postgres, tables);
        let mut everything = String::new();
        for table in db.query_all_raw(tables).await.unwrap() {
            let table: String = table.try_get_by_index(0).unwrap();
            let rows = format!("SELECT string_agg(t::text, ' ') FROM \"{table}\" t");
            everything += &text(db, &rows).await;
        }
        everything
    };
    assert!(everything.contains("anna@example.com"), "the copy is empty");
    assert!(!everything.contains("v4."), "there is a token");
    assert!(!everything.contains("reset-password"), "there is a link");
}
