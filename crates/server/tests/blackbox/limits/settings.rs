//! Redis settings, and how they are shown.

use tempfile::TempDir;

use super::redis_server::RedisServer;
use super::{AWAY, said};
use crate::database::Database;
use crate::service::Setup;

const CANARY: &str = "Zq7secretZq7";

fn setup() -> Setup {
    Setup::on(Database::sqlite())
}

/// Runs a command and returns its exit code, stdout and stderr.
async fn run(setup: &Setup, folder: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let output = setup.command(folder.path(), arguments).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn an_invalid_redis_url_is_rejected_and_not_printed() {
    let folder = TempDir::new().unwrap();
    for url in ["localhost:6379", "http://x:CANARY@localhost", "rediss://:CANARY@h/#insecure"] {
        let url = url.replace("CANARY", CANARY);
        let setup = setup().with("VESTIBULE_REDIS__URL", &url).with("VESTIBULE_REDIS__NODES", "0");
        let (code, _, errors) = run(&setup, &folder, &["config", "check"]).await;
        assert_eq!(code, 3, "{errors}");
        assert!(
            errors.contains("redis.url = (hidden)") && errors.contains("rediss://"),
            "{errors}"
        );
        assert!(errors.contains("redis.nodes = \"0\""), "{errors}");
        assert!(errors.contains("a number from 1 to 1000"), "{errors}");
        assert!(!errors.contains(CANARY), "{errors}");
    }
}

#[tokio::test]
async fn the_address_can_come_from_a_file_and_is_not_shown() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("redis");
    std::fs::write(&file, format!("rediss://limits:{CANARY}@redis.example.com/1\n")).unwrap();
    let setup = setup().with("VESTIBULE_REDIS__URL_FILE", file.to_str().unwrap());
    let (code, shown, errors) = run(&setup, &folder, &["config", "show"]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(shown.contains("redis.url = (hidden)"), "{shown}");
    assert!(shown.contains("redis.nodes = 3"), "{shown}");
    assert!(!shown.contains(CANARY), "{shown}");
}

/// Redis is not used if no limit is configured.
#[tokio::test]
async fn without_limits_redis_is_not_used() {
    let mut redis = RedisServer::start().await;
    let setup = setup().with("VESTIBULE_REDIS__URL", &redis.url());
    let service = setup.start().await;
    for _ in 0..30 {
        service.forget("unknown@example.com").await.is(200, crate::people::REQUESTED);
    }
    let seen = redis.command("INFO clients").await;
    assert!(seen.contains("connected_clients:1\r\n"), "{seen}");
    redis.kill().await;
    assert_eq!(service.forget("unknown@example.com").await.status, 200);
    assert_eq!(said(&service, AWAY), 0);
}
