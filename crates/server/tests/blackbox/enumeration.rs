//! An attacker cannot learn whether an address has an account: not from an answer (`answers`),
//! and not from how long it takes (`timing`, with the statistics of `samples`).

mod answers;
mod samples;
mod timing;

use crate::service::Service;

/// Two addresses of one length: an account has the first, no account the second.
const KNOWN: &str = "anna@example.com";
const UNKNOWN: &str = "nobo@example.com";
const PASSWORD: &str = "a good long password";
const WRONG: &str = "not the one password";

const SIGN_IN: &str = "/api/v1/auth/signin";
const FORGOT: &str = "/api/v1/auth/forgot-password";
const REQUEST: &str = "/password-reset/request";

async fn with_account(service: Service) -> Service {
    assert_eq!(service.sign_up(KNOWN, PASSWORD).await.status, 201);
    service
}

fn sign_in_body(email: &str) -> String {
    serde_json::json!({ "email": email, "password": WRONG }).to_string()
}

fn forgot_body(email: &str) -> String {
    serde_json::json!({ "email": email }).to_string()
}
