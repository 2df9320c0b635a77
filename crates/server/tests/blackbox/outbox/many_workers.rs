//! Several workers on one outbox: each mail is sent by one of them, even if one is killed or
//! paused. Only PostgreSQL is shared between machines.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};
use tokio::process::Command;
use tokio::task::JoinSet;
use vestibule_testkit::smtp::parse::letter;
use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use super::{PASSWORD, all_settled, message_ids};
use crate::database::{Database, count, execute};
use crate::evidence::{Experiment, Nodes};
use crate::people::PATIENCE;
use crate::service::{Service, Setup, eventually};

/// Runs a test on the database that several services can share: `name::postgres`.
macro_rules! on_a_shared_database {
    ($($name:ident;)*) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(super::Database::postgres().await).await;
            }
        }
    )* };
}

on_a_shared_database! {
    two_services_send_each_mail_once;
    workers_that_are_killed_lose_no_mail;
    a_worker_that_was_paused_beyond_its_lease_sends_nothing;
}

async fn two_services_send_each_mail_once(database: Database) {
    let title = "Two concurrent workers send each mail once";
    let mut experiment = Experiment::begin("E04e", title, &database);
    let mails = experiment.figure("mails", 50, 500);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let setup = Setup::on(database).mailing_to(&smtp);
    let mut first = setup.clone().with_argument("--no-worker").start().await;
    for number in 0..mails {
        let email = format!("anna{number}@example.com");
        assert_eq!(first.sign_up(&email, PASSWORD).await.status, 201);
    }
    assert!(first.terminate().await.success());

    // Both workers see the same mails and begin at the same moment.
    let db = first.database().await;
    let gate = db.begin().await.unwrap();
    gate.execute_unprepared("LOCK TABLE outbox IN EXCLUSIVE MODE").await.unwrap();
    let Service { data, .. } = first;
    let first = setup.start_in(data).await;
    let second = first.another().await;
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    assert!(eventually(PATIENCE, async || count(&db, waiting).await == 2).await);
    gate.commit().await.unwrap();

    all_settled(&db).await;
    let sent = |service: &Service| {
        service.log.lines().iter().filter(|line| line.contains("\"mail sent\"")).count()
    };
    experiment.tried(mails);
    experiment.exactly("mails_lost", mails - message_ids(&smtp).len(), 0);
    experiment.exactly("mails_sent_twice", smtp.messages().len() - message_ids(&smtp).len(), 0);
    experiment.at_least("fewest_sent_by_one_of_them", sent(&first).min(sent(&second)), 1);

    let session = first.sign_in("anna0@example.com", PASSWORD).await.token();
    assert_eq!(second.me(&session).await.status, 200, "both are one installation");
    experiment.conclude();
}

async fn workers_that_are_killed_lose_no_mail(database: Database) {
    let title = "Killed workers lose no mail and send none more than twice";
    let mut experiment = Experiment::begin("E04e", title, &database);
    let kills = experiment.figure("worker_kills", 40, 500);
    let mut dice = experiment.dice();
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let mut nodes = Nodes::start(Setup::on(database).mailing_to(&smtp)).await;
    let db = nodes.first().database().await;
    for round in 0..kills / 2 {
        let mut people = JoinSet::new();
        for number in 0..6 {
            let name = format!("anna{round}x{number}");
            let url = nodes.turn(round + number).url("/api/v1/auth/signup");
            let request = nodes.first().http.post(url).json(&serde_json::json!({
                "email": format!("{name}@example.com"), "username": name, "password": PASSWORD,
            }));
            people.spawn(async move { request.send().await.unwrap().status() });
        }
        assert!(people.join_all().await.iter().all(|status| *status == 201));
        // Two of three workers are killed at a random time within a poll interval.
        let life = Duration::from_millis(dice.below(300));
        drop(tokio::time::timeout(life, std::future::pending::<()>()).await);
        let survivor = usize::try_from(dice.below(3)).unwrap();
        let victims = [(survivor + 1) % 3, (survivor + 2) % 3];
        for victim in victims {
            nodes.all_mut()[victim].kill().await;
        }
        for victim in victims {
            nodes.all_mut()[victim].restart().await;
        }
    }
    // No running worker holds a lease, so the test need not wait for one to expire.
    for node in nodes.all_mut() {
        node.kill().await;
    }
    execute(&db, "UPDATE outbox SET leased_until = 1 WHERE leased_until IS NOT NULL").await;
    for node in nodes.all_mut() {
        node.restart().await;
    }
    let waiting = "SELECT count(*) FROM outbox WHERE state = 'queued'";
    assert!(eventually(PATIENCE * 5, async || count(&db, waiting).await == 0).await);

    let mut copies = BTreeMap::<String, usize>::new();
    for message in smtp.messages() {
        let id = letter(&message.data).header("Message-ID").unwrap().to_owned();
        *copies.entry(id).or_default() += 1;
    }
    let mails = usize::try_from(count(&db, "SELECT count(*) FROM outbox").await).unwrap();
    experiment.tried(kills);
    experiment.measure("mails", mails);
    experiment.measure("mails_doubled", copies.values().filter(|copies| **copies > 1).count());
    experiment.exactly("mails_lost", mails - copies.len(), 0);
    experiment.at_most("most_copies_of_a_mail", *copies.values().max().unwrap(), 2);
    experiment.conclude();
}

/// At full scale the lease of two minutes expires by itself.
async fn a_worker_that_was_paused_beyond_its_lease_sends_nothing(database: Database) {
    let title = "A worker paused beyond its leases sends no mail that another has sent";
    let mut experiment = Experiment::begin("E04f", title, &database);
    let mails = 6;
    let smtp = SmtpSink::start(Behaviour::accept().stalling_at(Stage::Greeting)).await;
    let setup = Setup::on(database).mailing_to(&smtp).with("RUST_LOG", "debug");
    let first = setup.start().await;
    let db = first.database().await;
    for number in 0..mails {
        let email = format!("anna{number}@example.com");
        assert_eq!(first.sign_up(&email, PASSWORD).await.status, 201);
    }
    assert!(smtp.wait_until(PATIENCE, |smtp| smtp.sessions().len() == mails).await);
    signal(&first, "-STOP").await;
    smtp.set(Behaviour::accept());
    let _second = first.another().await;
    if !experiment.is_full() {
        let ended = "UPDATE outbox SET leased_until = 1 WHERE leased_until IS NOT NULL";
        assert_eq!(execute(&db, ended).await, u64::try_from(mails).unwrap());
    }
    let waiting = "SELECT count(*) FROM outbox WHERE state = 'queued'";
    assert!(eventually(PATIENCE * 10, async || count(&db, waiting).await == 0).await);
    assert_eq!(message_ids(&smtp).len(), mails);

    // Its connections hang until they time out; then it finds that it lost the leases.
    signal(&first, "-CONT").await;
    let resigned = async || {
        let lines = first.log.lines();
        let left = "mail left to another worker";
        lines.iter().filter(|line| line.contains(left)).count() == mails
    };
    let has_resigned = eventually(PATIENCE * 3, resigned).await;
    all_settled(&db).await;
    experiment.tried(mails);
    experiment.exactly("mails_lost", mails - message_ids(&smtp).len(), 0);
    experiment.exactly("mails_sent_twice", smtp.messages().len() - message_ids(&smtp).len(), 0);
    experiment.exactly("the_paused_worker_has_resigned", has_resigned, true);
    experiment.conclude();
}

async fn signal(service: &Service, signal: &str) {
    let pid = service.pid().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
}
