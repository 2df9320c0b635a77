//! The verifier of access tokens for other services, with a real service as issuer.

use std::time::Duration;

use serde_json::json;
use vestibule_verify::{RemoteError, RemoteVerifier, Settings, VerifyError};

use crate::database::Database;
use crate::on_both_databases;
use crate::people::PATIENCE;
use crate::service::{PUBLIC_URL, Service, Setup, eventually};

on_both_databases! {
    a_token_is_good_until_its_session_ends;
    keys_are_followed_through_rotation_and_retirement;
}

const ANNA: &str = "anna@example.com";
const PASSWORD: &str = "a good long password";
const OFTEN: Duration = Duration::from_millis(100);

fn verifier(service: &Service, audience: &str) -> RemoteVerifier {
    let url = Some(service.url(""));
    RemoteVerifier::with(Settings { url, ..Settings::new(PUBLIC_URL, audience) }).unwrap()
}

/// Follows the list of ended sessions until dropped.
fn following(verifier: &RemoteVerifier) -> tokio::task::JoinSet<std::convert::Infallible> {
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(verifier.follow_revocations(OFTEN));
    tasks
}

async fn refusal(verifier: &RemoteVerifier, token: &str) -> Option<VerifyError> {
    match verifier.verify(token).await {
        Err(RemoteError::Refused(error)) => Some(error),
        Ok(_) | Err(_) => None,
    }
}

async fn a_token_is_good_until_its_session_ends(database: Database) {
    let setup = Setup::on(database).with("VESTIBULE_TOKENS__REVOCATIONS", "true");
    let mut service = setup.start().await;
    let signed_up = service.sign_up(ANNA, PASSWORD).await;
    let token = signed_up.token();
    let elsewhere = verifier(&service, PUBLIC_URL);
    let claims = elsewhere.verify(&token).await.unwrap();
    assert_eq!(json!(claims.user_id.to_string()), signed_up.body["user"]["id"]);
    assert_eq!((claims.issuer.as_str(), claims.audience.as_str()), (PUBLIC_URL, PUBLIC_URL));
    let other = verifier(&service, "https://other.example.com");
    assert!(matches!(refusal(&other, &token).await, Some(VerifyError::WrongAudience)));

    let _following = following(&elsewhere);
    assert!(eventually(PATIENCE, async || elsewhere.feed_age().is_some()).await);
    let living = service.sign_in(ANNA, PASSWORD).await.token();
    let out = service.post_as(&token, "/api/v1/auth/signout", json!({})).await;
    assert_eq!(out.status, 204);
    let is_refused =
        async |token: &str| matches!(refusal(&elsewhere, token).await, Some(VerifyError::Ended));
    assert!(eventually(PATIENCE, async || is_refused(&token).await).await);
    elsewhere.verify(&living).await.unwrap();
    let link = service.reset_link(ANNA).await;
    service.reset(&link, "another good password").await.is(200, "Password reset successfully");
    assert!(eventually(PATIENCE, async || is_refused(&living).await).await);

    // While the service is down, the verifier uses its copies; a new verifier has none.
    let last = service.sign_in(ANNA, "another good password").await.token();
    elsewhere.verify(&last).await.unwrap();
    service.kill().await;
    elsewhere.verify(&last).await.unwrap();
    assert!(is_refused(&token).await);
    let newcomer = verifier(&service, PUBLIC_URL).verify(&last).await;
    assert!(matches!(newcomer, Err(RemoteError::NoKeys { .. })), "{newcomer:?}");
}

async fn keys_are_followed_through_rotation_and_retirement(database: Database) {
    let service = Setup::on(database).start().await;
    let first = service.sign_up(ANNA, PASSWORD).await.token();
    let elsewhere = verifier(&service, PUBLIC_URL);
    elsewhere.verify(&first).await.unwrap();
    let kid = |keys: &str| keys.lines().find(|line| line.contains("  access")).unwrap().to_owned();
    let before = kid(&service.run(&["keys", "list"]).await);
    service.run(&["keys", "rotate", "access"]).await;
    // Valid at once: no token is refused because its key is new.
    let renewed = async || {
        let token = service.sign_in(ANNA, PASSWORD).await.token();
        elsewhere.verify(&token).await.unwrap();
        token.rsplit('.').next() != first.rsplit('.').next()
    };
    assert!(eventually(PATIENCE, renewed).await, "it signs with the new key");
    elsewhere.verify(&first).await.unwrap();
    let id = before.split(' ').next().unwrap();
    service.run(&["keys", "retire", id]).await;
    // A verifier caches keys for minutes; a new one sees the change at once.
    let gone = async || {
        let fresh = verifier(&service, PUBLIC_URL);
        matches!(refusal(&fresh, &first).await, Some(VerifyError::UnknownKey))
    };
    assert!(eventually(PATIENCE, gone).await);
}
