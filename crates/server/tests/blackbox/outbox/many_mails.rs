//! A long queue, and a mail that cannot be rendered.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use super::{PASSWORD, message_ids};
use crate::database::{Database, count, execute};
use crate::evidence::{Experiment, rounded};
use crate::on_both_databases;
use crate::overload::memory_mib;
use crate::people::PATIENCE;
use crate::service::{Service, Setup, eventually};

on_both_databases! {
    a_mail_that_cannot_be_written_holds_up_no_other;
    a_long_queue_is_sent_at_a_good_pace_in_little_memory;
}

async fn a_mail_that_cannot_be_written_holds_up_no_other(database: Database) {
    let title = "A mail that cannot be rendered delays no other";
    let mut experiment = Experiment::begin("E04h", title, &database);
    let mails = experiment.figure("others", 20, 100);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let setup = Setup::on(database).mailing_to(&smtp);
    let mut service = setup.clone().with_argument("--no-worker").start().await;
    assert_eq!(service.sign_up("poison@example.com", PASSWORD).await.status, 201);
    sign_up_many(&service, mails).await;
    let db = service.database().await;
    let damage = "UPDATE users SET email = 'no address' WHERE email_key = 'poison@example.com'";
    assert_eq!(execute(&db, damage).await, 1);
    assert!(service.terminate().await.success());

    let Service { data, .. } = service;
    let _service = setup.start_in(data).await;
    let start = Instant::now();
    let delivered = smtp.wait_until(PATIENCE * 2, |_| message_ids(&smtp).len() == mails).await;
    let took = start.elapsed();
    experiment.tried(mails);
    experiment.exactly("others_delivered", delivered, true);
    experiment.at_most("delivered_within_s", rounded(took.as_secs_f64()), 5.0);
    let waits = "SELECT count(*) FROM outbox WHERE state = 'queued' AND last_error IS NOT NULL";
    assert!(eventually(PATIENCE, async || count(&db, waits).await == 1).await);
    experiment.exactly("messages", smtp.messages().len(), mails);
    experiment.conclude();
}

async fn a_long_queue_is_sent_at_a_good_pace_in_little_memory(database: Database) {
    let title = "A long queue is sent fast and in little memory";
    let mut experiment = Experiment::begin("E04i", title, &database);
    let mails = experiment.figure("queue", 150, 10_000);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let setup = Setup::on(database).mailing_to(&smtp);
    let mut service = setup.clone().with_argument("--no-worker").start().await;
    sign_up_many(&service, mails).await;
    let db = service.database().await;
    assert!(service.terminate().await.success());

    let Service { data, .. } = service;
    let start = Instant::now();
    let service = setup.start_in(data).await;
    let idle = memory_mib(&service, "VmRSS:");
    let patience = PATIENCE + Duration::from_secs(u64::try_from(mails / 10).unwrap());
    let waiting = "SELECT count(*) FROM outbox WHERE state = 'queued'";
    assert!(eventually(patience, async || count(&db, waiting).await == 0).await);
    let took = start.elapsed().as_secs_f64();
    let sent = f64::from(u32::try_from(mails).unwrap());
    experiment.tried(mails);
    experiment.exactly("mails_lost", mails - message_ids(&smtp).len(), 0);
    experiment.exactly("mails_sent_twice", smtp.messages().len() - message_ids(&smtp).len(), 0);
    experiment.at_least("mails_a_second", rounded(sent / took), 50.0);
    experiment.measure("memory_idle_mib", idle);
    let grown = memory_mib(&service, "VmHWM:").saturating_sub(idle);
    experiment.at_most("memory_grown_mib", grown, 32);
    experiment.conclude();
}

/// Creates accounts, several at a time. Each causes a mail.
async fn sign_up_many(service: &Service, count: usize) {
    let mut clients = JoinSet::new();
    for client in 0..8 {
        let (http, url) = (service.http.clone(), service.url("/api/v1/auth/signup"));
        clients.spawn(async move {
            for number in (client..count).step_by(8) {
                let name = format!("anna{number}");
                let body = serde_json::json!({
                    "email": format!("{name}@example.com"), "username": name, "password": PASSWORD,
                });
                let answer = http.post(&url).json(&body).send().await.unwrap();
                assert_eq!(answer.status(), 201);
            }
        });
    }
    clients.join_all().await;
}
