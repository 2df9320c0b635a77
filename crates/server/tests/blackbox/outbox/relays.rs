//! Relays that are away, slow, busy, unwilling or cut off.

use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use super::{PASSWORD, all_settled, at_once, message_ids, waiting};
use crate::database::{Database, count, text};
use crate::on_both_databases;
use crate::people::{PATIENCE, REQUESTED, WELCOME, mail_to, mails_so_far};
use crate::service::{Setup, eventually};

on_both_databases! {
    a_relay_that_is_away_slows_nobody_and_loses_nothing;
    a_relay_that_stalls_holds_up_one_mail;
    a_relay_that_says_later_gets_the_mail_later;
    a_relay_that_says_never_is_asked_once;
    a_cut_after_the_final_dot_repeats_a_mail_under_its_name;
}

async fn a_relay_that_is_away_slows_nobody_and_loses_nothing(database: Database) {
    let relay = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&relay).start().await;
    let db = service.database().await;
    relay.stop().await;
    for number in 0..20 {
        let email = format!("anna{number}@example.com");
        assert_eq!(at_once(service.sign_up(&email, PASSWORD)).await.status, 201);
        if number % 2 == 0 {
            at_once(service.forget(&email)).await.is(200, REQUESTED);
        }
    }
    let tried = "SELECT count(*) FROM outbox WHERE attempts > 0 AND last_error IS NOT NULL";
    assert!(eventually(PATIENCE, async || count(&db, tried).await == 30).await);
    assert_eq!(waiting(&db).await, 30);

    relay.restart().await;
    all_settled(&db).await;
    assert_eq!(count(&db, "SELECT count(*) FROM outbox WHERE state = 'sent'").await, 30);
    assert_eq!((relay.messages().len(), message_ids(&relay).len()), (30, 30));
}

async fn a_relay_that_stalls_holds_up_one_mail(database: Database) {
    let relay = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&relay).start().await;
    let stages = [Stage::Greeting, Stage::Mail, Stage::Data, Stage::FinalDot];
    for (round, stage) in stages.into_iter().enumerate() {
        relay.set(Behaviour::accept().stalling_at(stage).times(1));
        for number in 0..6 {
            let email = format!("anna{round}{number}@example.com");
            assert_eq!(at_once(service.sign_up(&email, PASSWORD)).await.status, 201);
        }
        // Which of the six it is depends on who comes first.
        relay.wait_for((round + 1) * 5, PATIENCE).await;
    }
    let db = service.database().await;
    assert!(eventually(PATIENCE, async || waiting(&db).await == 4).await, "one at each stage");
    assert_eq!(message_ids(&relay).len(), 20);
}

async fn a_relay_that_says_later_gets_the_mail_later(database: Database) {
    let later = Behaviour::accept().answering_at(Stage::Recipient, "451 4.7.1 come back later");
    let relay = SmtpSink::start(later.times(2)).await;
    let service = Setup::on(database).mailing_to(&relay).start().await;
    let db = service.database().await;
    assert_eq!(service.sign_up("anna@example.com", PASSWORD).await.status, 201);
    mail_to(&relay, "anna@example.com", WELCOME).await;
    all_settled(&db).await;
    assert_eq!(relay.messages().len(), 1);
    assert_eq!(count(&db, "SELECT CAST(attempts AS BIGINT) FROM outbox").await, 3);
    assert_eq!(text(&db, "SELECT state FROM outbox").await, "sent");
}

async fn a_relay_that_says_never_is_asked_once(database: Database) {
    let picky = Behaviour::accept().refusing(|address| address == "nobody@example.com");
    let relay = SmtpSink::start(picky).await;
    let service = Setup::on(database).mailing_to(&relay).start().await;
    let db = service.database().await;
    for name in ["nobody", "anna", "ben", "zoe"] {
        let email = format!("{name}@example.com");
        assert_eq!(service.sign_up(&email, PASSWORD).await.status, 201);
    }
    all_settled(&db).await;
    for name in ["anna", "ben", "zoe"] {
        assert_eq!(mails_so_far(&relay, &format!("{name}@example.com"), WELCOME).len(), 1);
    }
    let failed = "FROM outbox WHERE state = 'failed'";
    assert_eq!(count(&db, &format!("SELECT count(*) {failed}")).await, 1);
    let attempts = format!("SELECT CAST(attempts AS BIGINT) {failed}");
    assert_eq!(count(&db, &attempts).await, 1);
    let reason = text(&db, &format!("SELECT last_error {failed}")).await;
    assert!(reason.contains("550") && reason.contains("no such user here"), "{reason}");
    assert_eq!(relay.messages().len(), 3);
}

/// Whether the relay has the mail is unknown then; sending it again is the lesser evil.
async fn a_cut_after_the_final_dot_repeats_a_mail_under_its_name(database: Database) {
    let relay = SmtpSink::start(Behaviour::accept().cutting_at(Stage::FinalDot).times(1)).await;
    let service = Setup::on(database).mailing_to(&relay).start().await;
    let db = service.database().await;
    assert_eq!(service.sign_up("anna@example.com", PASSWORD).await.status, 201);
    all_settled(&db).await;
    assert_eq!(text(&db, "SELECT state FROM outbox").await, "sent");
    let copies = mails_so_far(&relay, "anna@example.com", WELCOME);
    assert_eq!(copies.len(), 2, "one that was cut off, one that was acknowledged");
    assert_eq!(copies[0], copies[1]);
    assert_eq!(message_ids(&relay).len(), 1);
}
