//! Test keys, claims, and valid and forged tokens.

use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::version4::{PublicToken, V4};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-09-01 12:00 UTC);
pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";
pub(crate) const ASSERTION: &str = "vestibule/v1|access|https://id.example.com";

/// Token of the first version of Vestibule with the key [`OLD`], from [`payload`] at [`NOW`].
pub(crate) const FROZEN: &str = "v4.public.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoiaHR0cHM6Ly9hcGkuZXhhbXBsZS5jb20iLCJzdWIiOiIwMTk4YzdmMi0xMTExLTcxMTEtODExMS0xMTExMTExMTExMTEiLCJzaWQiOiIwMTk4YzdmMi0yMjIyLTcyMjItODIyMi0yMjIyMjIyMjIyMjIiLCJpYXQiOiIyMDI2LTA5LTAxVDEyOjAwOjAwWiIsIm5iZiI6IjIwMjYtMDktMDFUMTI6MDA6MDBaIiwiZXhwIjoiMjAyNi0wOS0wMVQxMjoxNTowMFoiLCJqdGkiOiIwMTk4YzdmMi0zMzMzLTczMzMtODMzMy0zMzMzMzMzMzMzMzMifS9ZkAAOTUWXhufVEPNfp1db_cPXOd2fT5-UvgVTa-xr_FL2BDQuW5ZVh4mseHE3HmSkLlyJcIRQw6TfKi5U9Qg.eyJraWQiOiJrNC5waWQueWg0LWJKWWpPWUFHNkNXeTB6c2ZQbXBLeWx4Uzd1QVdyeHFWbUJOMktBaUoifQ";

/// Key pair of the official PASETO vectors.
pub(crate) const OLD: &str = "k4.secret.tMv7Q99M4hByfZU-SnEzB_oZu32fhQQUONnhG5QqN3Qeudu7vAR8A_1wYE4AcfCYfhayi3VyJcEfAEFdDiCxog";
/// Key pair of the first test in RFC 8032, section 7.1.
pub(crate) const NEW: &str = "k4.secret.nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL_tPJZAc6DuFy89qmIyWvAhpo9wdRGg";

/// A published key.
pub(crate) fn entry(secret: &str, purpose: &str) -> Value {
    let key = AsymmetricPublicKey::try_from(&pair(secret)).unwrap();
    json!({"kid": kid(secret), "key": paserk(&key), "use": purpose})
}

/// Returns the document of an issuer with these keys.
pub(crate) fn published(secrets: &[&str]) -> String {
    let keys: Vec<_> = secrets.iter().map(|secret| entry(secret, "access")).collect();
    json!({ "keys": keys }).to_string()
}

pub(crate) fn kid(secret: &str) -> String {
    paserk(&Id::from(&AsymmetricPublicKey::try_from(&pair(secret)).unwrap()))
}

fn pair(secret: &str) -> AsymmetricSecretKey<V4> {
    AsymmetricSecretKey::try_from(secret).unwrap()
}

fn paserk(value: &impl FormatAsPaserk) -> String {
    let mut text = String::new();
    value.fmt(&mut text).unwrap();
    text
}

/// Returns the payload of [`FROZEN`].
pub(crate) fn payload() -> String {
    [
        r#"{"iss":"https://id.example.com","aud":"https://api.example.com","#,
        r#""sub":"0198c7f2-1111-7111-8111-111111111111","#,
        r#""sid":"0198c7f2-2222-7222-8222-222222222222","#,
        r#""iat":"2026-09-01T12:00:00Z","nbf":"2026-09-01T12:00:00Z","#,
        r#""exp":"2026-09-01T12:15:00Z","jti":"0198c7f2-3333-7333-8333-333333333333"}"#,
    ]
    .concat()
}

/// Returns a valid token signed with a key.
pub(crate) fn token(secret: &str) -> String {
    signed(secret, &payload())
}

/// Returns a correctly signed token with another payload.
pub(crate) fn signed(secret: &str, payload: &str) -> String {
    forge(secret, payload, &footer(&kid(secret)), ASSERTION)
}

pub(crate) fn footer(kid: &str) -> String {
    format!(r#"{{"kid":"{kid}"}}"#)
}

/// Signs arbitrary content.
pub(crate) fn forge(secret: &str, payload: &str, footer: &str, assertion: &str) -> String {
    let (footer, assertion) = (Some(footer.as_bytes()), Some(assertion.as_bytes()));
    PublicToken::sign(&pair(secret), payload.as_bytes(), footer, assertion).unwrap()
}
