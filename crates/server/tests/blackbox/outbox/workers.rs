//! Links that die while their mail waits, and workers that are absent, killed or several.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use super::{PASSWORD, all_settled, message_ids};
use crate::database::{Database, count, execute, text};
use crate::on_both_databases;
use crate::people::{PATIENCE, REQUESTED, RESET, WELCOME, mail_to, mails_so_far, mails_to};
use crate::service::{Service, Setup, eventually};

on_both_databases! {
    a_link_that_died_while_it_waited_is_never_sent;
    without_a_worker_the_database_holds_nothing_that_opens_an_account;
    a_mail_whose_worker_was_killed_is_sent_by_the_next;
}

async fn a_link_that_died_while_it_waited_is_never_sent(database: Database) {
    let relay = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&relay).start().await;
    let db = service.database().await;
    let fates = ["alive", "expired", "spent", "superseded", "changed", "deactivated", "deleted"];
    let mut sessions = Vec::new();
    for fate in fates {
        let email = format!("{fate}@example.com");
        sessions.push(service.sign_up(&email, PASSWORD).await.token());
        mail_to(&relay, &email, WELCOME).await;
    }
    relay.stop().await;
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
    relay.restart().await;
    all_settled(&db).await;
    let withdrawn = "FROM outbox WHERE state = 'withdrawn' AND kind = 'reset_link'";
    assert_eq!(count(&db, &format!("SELECT count(*) {withdrawn}")).await, 5);
    for fate in fates {
        let mails = mails_so_far(&relay, &format!("{fate}@example.com"), RESET);
        assert_eq!(mails.len(), usize::from(fate == "alive"), "{fate}");
    }
}

async fn without_a_worker_the_database_holds_nothing_that_opens_an_account(database: Database) {
    let relay = SmtpSink::start(Behaviour::accept()).await;
    let setup = Setup::on(database).mailing_to(&relay);
    let mut service = setup.clone().with_argument("--no-worker").start().await;
    let email = "anna@example.com";
    service.sign_up(email, PASSWORD).await;
    service.forget(email).await.is(200, REQUESTED);

    let db = service.database().await;
    holds_no_token(&db, service.data.path()).await;
    assert_eq!(count(&db, "SELECT count(*) FROM reset_requests").await, 1);
    assert_eq!(count(&db, "SELECT count(*) FROM password_resets").await, 0);
    assert!(service.terminate().await.success());

    // A link that waits for its mail is not signed yet.
    relay.stop().await;
    let Service { data, .. } = service;
    let service = setup.start_in(data).await;
    let tried = "SELECT count(*) FROM outbox WHERE kind = 'reset_link' AND attempts > 0";
    assert!(eventually(PATIENCE, async || count(&db, tried).await == 1).await);
    holds_no_token(&db, service.data.path()).await;
    relay.restart().await;
    let token = mail_to(&relay, email, RESET).await.token().unwrap().to_owned();
    holds_no_token(&db, service.data.path()).await;
    service.reset(&token, "the password to be").await.is(200, "Password reset successfully");
}

async fn a_mail_whose_worker_was_killed_is_sent_by_the_next(database: Database) {
    let relay = SmtpSink::start(Behaviour::accept().stalling_at(Stage::Greeting)).await;
    let mut service = Setup::on(database).mailing_to(&relay).start().await;
    let db = service.database().await;
    service.sign_up("anna@example.com", PASSWORD).await;
    assert!(relay.wait_until(PATIENCE, |relay| !relay.sessions().is_empty()).await);
    service.kill().await;
    relay.set(Behaviour::accept());
    service.restart().await;

    // Whether the first worker still lives is unknown, so its lease is respected.
    service.sign_up("zoe@example.com", PASSWORD).await;
    mail_to(&relay, "zoe@example.com", WELCOME).await;
    assert_eq!(relay.messages().len(), 1);
    let waiting = "SELECT count(*) FROM outbox WHERE state = 'queued'";
    assert!(eventually(PATIENCE, async || count(&db, waiting).await == 1).await);
    assert_eq!(execute(&db, "UPDATE outbox SET leased_until = 1 WHERE state = 'queued'").await, 1);
    mails_to(&relay, "anna@example.com", WELCOME, 1).await;
    all_settled(&db).await;
    assert_eq!((relay.messages().len(), message_ids(&relay).len()), (2, 2));
    assert_eq!(count(&db, "SELECT CAST(max(attempts) AS BIGINT) FROM outbox").await, 2);
}

/// Two processes of one installation; only a server database is shared between machines.
mod two_services_send_each_mail_once {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        super::two_services_send_each_mail_once(super::Database::postgres().await).await;
    }
}

async fn two_services_send_each_mail_once(database: Database) {
    let relay = SmtpSink::start(Behaviour::accept()).await;
    let setup = Setup::on(database).mailing_to(&relay);
    let mut first = setup.clone().with_argument("--no-worker").start().await;
    for number in 0..50 {
        let email = format!("anna{number}@example.com");
        assert_eq!(first.sign_up(&email, PASSWORD).await.status, 201);
    }
    assert!(first.terminate().await.success());
    let data = tempfile::tempdir().unwrap();
    copy_keys(first.data.path(), data.path());

    // Both stand before the same mails, and set out at the same moment.
    let db = first.database().await;
    let gate = db.begin().await.unwrap();
    gate.execute_unprepared("LOCK TABLE outbox IN EXCLUSIVE MODE").await.unwrap();
    let Service { data: first_data, .. } = first;
    let first = setup.clone().start_in(first_data).await;
    let second = setup.start_in(data).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    assert!(eventually(PATIENCE, async || count(&db, waiting).await == 2).await);
    gate.commit().await.unwrap();

    all_settled(&db).await;
    assert_eq!(count(&db, "SELECT count(*) FROM outbox WHERE state = 'sent'").await, 50);
    assert_eq!((relay.messages().len(), message_ids(&relay).len()), (50, 50));
    let sent = |service: &Service| {
        service.log.lines().iter().filter(|line| line.contains("\"mail sent\"")).count()
    };
    assert!(sent(&first) > 0 && sent(&second) > 0, "only one of them worked");

    let session = first.sign_in("anna0@example.com", PASSWORD).await.token();
    assert_eq!(second.me(&session).await.status, 200, "both are one installation");
}

fn copy_keys(from: &Path, to: &Path) {
    let (from, to) = (from.join("keys"), to.join("keys"));
    std::fs::DirBuilder::new().mode(0o700).create(&to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Everything in the database, as whoever has a copy of it reads it.
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
