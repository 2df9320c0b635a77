//! SMTP servers that are unreachable, slow, busy, failing or cut off.

use std::time::Instant;

use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use super::{PASSWORD, all_settled, at_once, message_ids, waiting};
use crate::database::{Database, count, text};
use crate::evidence::{Experiment, millis, percentile, rounded};
use crate::on_both_databases;
use crate::people::{PATIENCE, REQUESTED, WELCOME, mails_so_far};
use crate::service::{Setup, eventually};

on_both_databases! {
    an_unreachable_smtp_server_delays_no_request_and_loses_no_mail;
    an_smtp_server_that_stalls_holds_up_one_mail;
    a_deferred_mail_is_retried;
    a_rejected_mail_is_tried_once;
    a_cut_repeats_a_mail_only_after_the_final_dot_and_under_its_name;
}

async fn an_unreachable_smtp_server_delays_no_request_and_loses_no_mail(database: Database) {
    let title = "With the SMTP server down, requests stay fast and no mail is lost or sent twice";
    let mut experiment = Experiment::begin("E04a", title, &database);
    let people = experiment.figure("people", 20, 100);
    // The pauses double from one second on: seven attempts are a minute.
    let attempts = experiment.figure("attempts_in_vain", 1, 7);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let db = service.database().await;
    let forget = async |email: String| {
        let start = Instant::now();
        at_once(service.forget(&email)).await.is(200, REQUESTED);
        start.elapsed()
    };
    let mut before = Vec::new();
    for number in 0..people {
        before.push(forget(format!("unknown{number}@example.com")).await);
    }
    let away = Instant::now();
    smtp.stop().await;
    let mut meanwhile = Vec::new();
    for number in 0..people {
        let email = format!("anna{number}@example.com");
        assert_eq!(at_once(service.sign_up(&email, PASSWORD)).await.status, 201);
        meanwhile.push(forget(email).await);
    }
    let tried = format!(
        "SELECT count(*) FROM outbox WHERE attempts >= {attempts} AND last_error IS NOT NULL"
    );
    let mails = 2 * i64::try_from(people).unwrap();
    let patience = PATIENCE * if experiment.is_full() { 8 } else { 1 };
    assert!(eventually(patience, async || count(&db, &tried).await == mails).await);
    assert_eq!(waiting(&db).await, mails);
    experiment.measure("smtp_server_away_s", rounded(away.elapsed().as_secs_f64()));

    smtp.restart().await;
    let back = Instant::now();
    assert!(eventually(patience, async || waiting(&db).await == 0).await);
    experiment.at_most("delivered_within_s", rounded(back.elapsed().as_secs_f64()), 120.0);
    experiment.tried(2 * people);
    let sent = count(&db, "SELECT count(*) FROM outbox WHERE state = 'sent'").await;
    experiment.exactly("mails_lost", mails - sent, 0);
    experiment.exactly("mails_never_received", 2 * people - message_ids(&smtp).len(), 0);
    let twice = smtp.messages().len() - message_ids(&smtp).len();
    experiment.exactly("mails_received_twice", twice, 0);
    experiment.measure("forgot_p99_before_ms", millis(percentile(&mut before, 99)));
    // Leaves room for a busy machine; a request that waited for SMTP would take seconds.
    let bound = (millis(percentile(&mut before, 99)) * 2.0).max(100.0);
    experiment.at_most("forgot_p99_ms", millis(percentile(&mut meanwhile, 99)), bound);
    experiment.conclude();
}

async fn an_smtp_server_that_stalls_holds_up_one_mail(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let stages = [Stage::Greeting, Stage::Mail, Stage::Data, Stage::FinalDot];
    for (round, stage) in stages.into_iter().enumerate() {
        smtp.set(Behaviour::accept().stalling_at(stage).times(1));
        for number in 0..6 {
            let email = format!("anna{round}{number}@example.com");
            assert_eq!(at_once(service.sign_up(&email, PASSWORD)).await.status, 201);
        }
        // Any of the six mails may be the first, and stall.
        smtp.wait_for((round + 1) * 5, PATIENCE).await;
    }
    let db = service.database().await;
    assert!(eventually(PATIENCE, async || waiting(&db).await == 4).await, "one at each stage");
    assert_eq!(message_ids(&smtp).len(), 20);
}

async fn a_deferred_mail_is_retried(database: Database) {
    let title = "A mail that the SMTP server defers is retried and delivered once";
    let mut experiment = Experiment::begin("E04b", title, &database);
    // The pauses double from one second on: eight are four minutes.
    let deferrals = experiment.figure("deferrals", 2, 8);
    let times = u32::try_from(deferrals).unwrap();
    let later = Behaviour::accept().answering_at(Stage::Recipient, "451 4.7.1 come back later");
    let smtp = SmtpSink::start(later.times(times)).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let db = service.database().await;
    let start = Instant::now();
    assert_eq!(service.sign_up("anna@example.com", PASSWORD).await.status, 201);
    let settled = eventually(PATIENCE * 20, async || waiting(&db).await == 0).await;
    assert!(settled, "the mail still waits");
    experiment.tried(deferrals);
    experiment.measure("delivered_after_s", rounded(start.elapsed().as_secs_f64()));
    experiment.exactly("copies", mails_so_far(&smtp, "anna@example.com", WELCOME).len(), 1);
    experiment.exactly("messages", smtp.messages().len(), 1);
    let attempts = count(&db, "SELECT CAST(attempts AS BIGINT) FROM outbox").await;
    experiment.exactly("attempts", attempts, i64::from(times) + 1);
    assert_eq!(text(&db, "SELECT state FROM outbox").await, "sent");
    experiment.conclude();
}

async fn a_rejected_mail_is_tried_once(database: Database) {
    let title = "A mail that the SMTP server rejects fails at once and delays no other";
    let mut experiment = Experiment::begin("E04c", title, &database);
    let refused = experiment.figure("refused", 1, 50);
    let picky = Behaviour::accept().refusing(|address| address.starts_with("unknown"));
    let smtp = SmtpSink::start(picky).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let db = service.database().await;
    let others: Vec<String> = (0..refused * 3).map(|n| format!("anna{n}@example.com")).collect();
    for (number, email) in others.iter().enumerate() {
        if number % 3 == 0 {
            let email = format!("unknown{number}@example.com");
            assert_eq!(service.sign_up(&email, PASSWORD).await.status, 201);
        }
        assert_eq!(service.sign_up(email, PASSWORD).await.status, 201);
    }
    all_settled(&db).await;
    experiment.tried(refused + others.len());
    let failed = "FROM outbox WHERE state = 'failed'";
    let count_of = async |what: &str| count(&db, &format!("SELECT {what} {failed}")).await;
    experiment.exactly("failed", count_of("count(*)").await, i64::try_from(refused).unwrap());
    experiment.exactly("most_attempts", count_of("CAST(max(attempts) AS BIGINT)").await, 1);
    let reason = text(&db, &format!("SELECT last_error {failed}")).await;
    assert!(reason.contains("550") && reason.contains("no such user here"), "{reason}");
    experiment.exactly("others_delivered", smtp.messages().len(), others.len());
    for email in &others {
        assert_eq!(mails_so_far(&smtp, email, WELCOME).len(), 1);
    }
    experiment.conclude();
}

/// After the final dot it is unknown if the SMTP server accepted the mail, so only then may it be
/// sent twice.
async fn a_cut_repeats_a_mail_only_after_the_final_dot_and_under_its_name(database: Database) {
    let title = "A cut connection loses no mail, and repeats one only after its final dot";
    let mut experiment = Experiment::begin("E04d", title, &database);
    let rounds = experiment.figure("cuts_at_each_stage", 1, 20);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let db = service.database().await;
    let stages = [Stage::Greeting, Stage::Hello, Stage::Mail, Stage::Recipient, Stage::Data];
    let (mut lost, mut doubled, mut doubled_after_the_dot, mut strangers) = (0, 0, 0, 0);
    for (number, stage) in stages.into_iter().chain([Stage::FinalDot]).enumerate() {
        for round in 0..rounds {
            smtp.set(Behaviour::accept().cutting_at(stage).times(1));
            let email = format!("anna{number}{round}@example.com");
            assert_eq!(service.sign_up(&email, PASSWORD).await.status, 201);
            all_settled(&db).await;
            let copies = mails_so_far(&smtp, &email, WELCOME);
            lost += usize::from(copies.is_empty());
            let more = copies.len().saturating_sub(1);
            if stage == Stage::FinalDot {
                doubled_after_the_dot = doubled_after_the_dot.max(more);
            } else {
                doubled += more;
            }
            strangers += copies.iter().filter(|copy| **copy != copies[0]).count();
            experiment.tried(1);
        }
    }
    experiment.exactly("mails_lost", lost, 0);
    experiment.exactly("doubled_by_an_earlier_cut", doubled, 0);
    // The copy before the cut, and the one that was acknowledged.
    experiment.at_most("most_extra_copies_after_the_dot", doubled_after_the_dot, 1);
    experiment.exactly("copies_that_differ", strangers, 0);
    let sent = count(&db, "SELECT count(*) FROM outbox WHERE state = 'sent'").await;
    experiment.exactly("message_ids", message_ids(&smtp).len(), usize::try_from(sent).unwrap());
    experiment.conclude();
}
