//! The caches of access tokens and sessions: a repeated request verifies no signature and reads no
//! database, unless configured otherwise.

use serde_json::Value;

use crate::database::Database;
use crate::on_both_databases;
use crate::service::Setup;

on_both_databases! {
    a_client_that_asks_again_is_answered_from_memory;
    with_no_staleness_allowed_every_request_asks_the_database;
}

/// Number of requests of the client.
const REQUESTS: u64 = 20;

/// The log line with the cache statistics, which the service writes at its end.
async fn remembered(setup: Setup) -> Value {
    let mut service = setup.with("RUST_LOG", "vestibule=debug").start().await;
    let token = service.sign_up("anna@example.com", "a password to keep").await.token();
    for _ in 0..REQUESTS {
        assert_eq!(service.me(&token).await.status, 200);
    }
    assert!(service.terminate().await.success());
    service.log.wait_for(0, |line| line["message"] == "what was remembered").await
}

async fn a_client_that_asks_again_is_answered_from_memory(database: Database) {
    let said = remembered(Setup::on(database)).await;
    assert_eq!(said["tokens.recognised"], REQUESTS - 1);
    assert_eq!(said["tokens.verified"], 1);
    // A slow machine may take longer than the second for which a session is cached.
    let (recalled, read) = (&said["sessions.recalled"], &said["sessions.read"]);
    assert!(recalled.as_u64() > read.as_u64(), "{said}");
}

async fn with_no_staleness_allowed_every_request_asks_the_database(database: Database) {
    let setup = Setup::on(database).reading_every_session();
    let said = remembered(setup).await;
    assert_eq!(said["sessions.recalled"], 0);
    assert_eq!(said["tokens.recognised"], REQUESTS - 1);
}
