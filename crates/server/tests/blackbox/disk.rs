//! A full disk: failed writes are not acknowledged, and all acknowledged writes exist afterwards.

use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::database::{Database, text};
use crate::evidence::{Experiment, rounded};
use crate::service::{Service, Setup, eventually};

/// The process is told that its files may not grow, as on a full disk; the signal that would
/// otherwise end it is ignored.
const DEAF_TO_THE_SIGNAL: &str = "trap '' XFSZ; exec \"$0\" \"$@\"";

const PASSWORD: &str = "a password to keep";

async fn let_files_grow_to(service: &Service, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let pid = service.pid().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &limit]).status().await.unwrap();
    assert!(set.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_that_a_full_disk_would_lose() {
    let title = "On a full disk no acknowledged write is lost, and the service recovers";
    let mut experiment = Experiment::begin("E22", title, &Database::sqlite());
    let rounds = experiment.figure("rounds", 1, 20);
    let mut service = Setup::on(Database::sqlite()).under(DEAF_TO_THE_SIGNAL).start().await;
    assert_eq!(service.sign_up("before@example.com", PASSWORD).await.status, 201);

    let session = service.sign_up("reader@example.com", PASSWORD).await.token();
    let mut acknowledged = vec!["before@example.com".to_owned(), "reader@example.com".to_owned()];
    let (mut refused, mut slowest) = (0, Duration::ZERO);
    for round in 0..rounds {
        let log = service.data.path().join("vestibule.db-wal");
        let size = std::fs::metadata(&log).unwrap().len();
        let_files_grow_to(&service, &size.to_string()).await;
        for n in 0..5 {
            let email = format!("full{round}x{n}@example.com");
            let answer = service.sign_up(&email, PASSWORD).await;
            assert!([201, 503].contains(&answer.status), "{answer:?}");
            if answer.status == 201 {
                acknowledged.push(email);
            } else {
                refused += 1;
            }
        }
        // Reads still work, and the process is alive.
        assert_eq!(service.me(&session).await.status, 200);
        assert_eq!(service.get("/health/live").await.status, 200);

        let_files_grow_to(&service, "unlimited").await;
        let start = Instant::now();
        let first = format!("first{round}@example.com");
        let recovers = eventually(Duration::from_secs(10), async || {
            service.sign_up(&first, PASSWORD).await.status == 201
        });
        assert!(recovers.await, "no recovery after space came back");
        slowest = slowest.max(start.elapsed());
        acknowledged.push(first);
        for n in 0..5 {
            let email = format!("after{round}x{n}@example.com");
            assert_eq!(service.sign_up(&email, PASSWORD).await.status, 201);
            acknowledged.push(email);
        }
    }

    service.kill().await;
    service.restart().await;
    let db = service.database().await;
    assert_eq!(text(&db, "PRAGMA integrity_check").await, "ok");
    let mut lost = 0;
    for email in &acknowledged {
        lost += usize::from(service.sign_in(email, PASSWORD).await.status != 200);
    }
    experiment.tried(rounds);
    experiment.measure("acknowledged", acknowledged.len());
    experiment.at_least("refused", refused, 1);
    experiment.exactly("acknowledged_and_lost", lost, 0);
    experiment.at_most("recovered_within_s", rounded(slowest.as_secs_f64()), 10.0);
    experiment.conclude();
}
