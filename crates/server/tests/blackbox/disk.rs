//! A disk that is full for a while: what cannot be kept is not acknowledged, and afterwards
//! everything that is acknowledged is kept.

use tokio::process::Command;

use crate::database::Database;
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
    let mut service = Setup::on(Database::sqlite()).under(DEAF_TO_THE_SIGNAL).start().await;
    assert_eq!(service.sign_up("before@example.com", PASSWORD).await.status, 201);

    let log = service.data.path().join("vestibule.db-wal");
    let size = std::fs::metadata(&log).unwrap().len();
    let_files_grow_to(&service, &size.to_string()).await;
    let mut refused = 0;
    for n in 0..5 {
        let answer = service.sign_up(&format!("full{n}@example.com"), PASSWORD).await;
        assert!([201, 503].contains(&answer.status), "{answer:?}");
        refused += usize::from(answer.status == 503);
    }
    assert!(refused > 0, "the disk was not full");
    assert_eq!(service.get("/health/live").await.status, 200);

    let_files_grow_to(&service, "unlimited").await;
    let recovers = eventually(std::time::Duration::from_secs(10), async || {
        service.sign_up("first@example.com", PASSWORD).await.status == 201
    });
    assert!(recovers.await, "no recovery after space came back");
    for n in 0..5 {
        assert_eq!(service.sign_up(&format!("after{n}@example.com"), PASSWORD).await.status, 201);
    }

    service.kill().await;
    service.restart().await;
    let acknowledged = ["before", "first", "after0", "after1", "after2", "after3", "after4"];
    for name in acknowledged {
        let answer = service.sign_in(&format!("{name}@example.com"), PASSWORD).await;
        assert_eq!(answer.status, 200, "{name} was acknowledged and is lost");
    }
}
