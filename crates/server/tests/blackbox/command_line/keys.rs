//! `vestibule keys`, and how soon a running service follows.

use std::time::Duration;

use serde_json::Value;

use super::run;
use crate::database::Database;
use crate::encodings::from_base64url;
use crate::on_both_databases;
use crate::service::{Service, Setup, eventually};

on_both_databases! {
    a_running_service_follows_rotation_and_retirement;
}

const EMAIL: &str = "anna@example.com";
const OTHER: &str = "ben@example.com";
const PASSWORD: &str = "a good long password";
const FEW_SECONDS: Duration = Duration::from_secs(3);
/// The lead of a new key, and then some.
const LEAD: Duration = Duration::from_secs(8);

async fn a_running_service_follows_rotation_and_retirement(database: Database) {
    let service = Setup::on(database).start().await;
    let old_token = service.sign_up(EMAIL, PASSWORD).await.token();
    let old_link = service.reset_link(EMAIL).await;
    let [old] = published(&service).await.try_into().unwrap();
    assert_eq!(kid(&old_token), old);

    let rotated = run(&service, &["keys", "rotate", "access"], "").await.ok();
    let new = rotated.split(' ').next().unwrap().to_owned();
    assert_ne!(new, old);
    let appears = eventually(FEW_SECONDS, async || published(&service).await.contains(&new));
    assert!(appears.await, "a new key is published within seconds");
    assert!(published(&service).await.contains(&old), "beside the old one");
    assert_eq!(service.me(&old_token).await.status, 200, "what the old one signed stays valid");
    assert_eq!(
        states(&service, "access").await,
        [(old.clone(), "verifying"), (new.clone(), "active")]
    );
    // Another user's: an account has so many sessions, and the old token's is to live on.
    service.sign_up(OTHER, PASSWORD).await;
    let signs = async || kid(&service.sign_in(OTHER, PASSWORD).await.token()) == new;
    assert!(eventually(LEAD, signs).await, "the new key signs after its lead");
    let new_token = service.sign_in(EMAIL, PASSWORD).await.token();

    let signing = run(&service, &["keys", "retire", &new], "").await;
    signing.fails_with(1, &["is the active access key", "keys rotate access"]);
    run(&service, &["keys", "retire", "k4.pid.nonsense"], "").await.fails_with(1, &["not found"]);
    run(&service, &["keys", "retire", &old], "").await.ok();
    let refused = eventually(FEW_SECONDS, async || service.me(&old_token).await.status == 401);
    assert!(refused.await, "what a retired key signed is refused within seconds");
    assert_eq!(published(&service).await, std::slice::from_ref(&new));
    assert_eq!(service.me(&new_token).await.status, 200);
    assert_eq!(states(&service, "access").await, [(old.clone(), "retired"), (new, "active")]);
    run(&service, &["keys", "retire", &old], "").await.ok();

    // The keys of reset links are independent.
    assert!(service.verify(&old_link).await);
    let link_key = kid(&old_link);
    assert_eq!(states(&service, "reset").await, [(link_key.clone(), "active")]);
    run(&service, &["keys", "rotate", "reset"], "").await.ok();
    run(&service, &["keys", "retire", &link_key], "").await.ok();
    let refused = eventually(FEW_SECONDS, async || !service.verify(&old_link).await);
    assert!(refused.await, "links of a retired key are dead");
    assert_eq!(service.me(&new_token).await.status, 200);
}

/// The ids of the keys that other services are told to trust.
async fn published(service: &Service) -> Vec<String> {
    let body = service.get("/.well-known/paseto-keys").await.body;
    let keys = body["keys"].as_array().unwrap();
    for key in keys {
        assert_eq!(key["use"], "access");
        assert!(key["key"].as_str().unwrap().starts_with("k4.public."), "{key}");
    }
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Returns the keys of a purpose as `keys list` prints them.
async fn states(service: &Service, purpose: &str) -> Vec<(String, &'static str)> {
    let json = run(service, &["keys", "list", "--json"], "").await.ok();
    assert!(!json.contains("k4.secret"), "{json}");
    let rows: Vec<Value> = serde_json::from_str(&json).unwrap();
    let state = |row: &Value| {
        let known =
            ["active", "verifying", "retired"].into_iter().find(|known| row["state"] == *known);
        (row["kid"].as_str().unwrap().to_owned(), known.unwrap())
    };
    rows.iter().filter(|row| row["purpose"] == purpose).map(state).collect()
}

/// The id in a token's footer.
fn kid(token: &str) -> String {
    let (_, footer) = token.rsplit_once('.').unwrap();
    let footer: Value = serde_json::from_slice(&from_base64url(footer)).unwrap();
    footer["kid"].as_str().unwrap().to_owned()
}
