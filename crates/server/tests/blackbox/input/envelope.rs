//! Parts of a request other than its body: routes, methods, credentials, headers.

use serde_json::json;

use crate::database::Database;
use crate::on_both_databases;
use crate::service::{Service, Setup};
use crate::wire::{Draft, Raw};

on_both_databases! {
    a_nul_is_refused_in_names_and_a_character_in_passwords;
    all_broken_fields_are_named_at_once;
}

const PASSWORD: &str = "a good long password";
const SIGN_UP: &str = "/api/v1/auth/signup";
const SIGN_IN: &str = "/api/v1/auth/signin";
const ME: &str = "/api/v1/auth/me";
const POSTED: [&str; 8] = [
    SIGN_UP,
    SIGN_IN,
    "/api/v1/auth/signout",
    "/api/v1/auth/forgot-password",
    "/api/v1/auth/reset-password",
    "/api/v1/auth/change-password",
    "/password-reset/request",
    "/password-reset/reset",
];

async fn a_nul_is_refused_in_names_and_a_character_in_passwords(database: Database) {
    let service = Setup::on(database).start().await;
    let password = "nul\0inside\0password";
    for (email, username, field) in [
        ("an\0na@example.com", "anna", "email"),
        ("anna@exam\0ple.com", "anna", "email"),
        ("anna@example.com\0", "anna", "email"),
        ("anna@example.com", "an\0na", "username"),
        ("anna@example.com", "anna\0", "username"),
    ] {
        let body = json!({ "email": email, "username": username, "password": password });
        let refused = service.raw(&Draft::json(SIGN_UP, body.to_string())).await;
        assert_eq!((refused.status, refused.problem().as_str()), (422, "invalid_input"));
        assert_eq!(refused.json()["errors"][0]["field"], field);
    }
    for path in ["/api/v1/auth/forgot-password", "/password-reset/request"] {
        let body = json!({ "email": "an\0na@example.com" });
        assert_eq!(service.raw(&Draft::json(path, body.to_string())).await.status, 422);
    }
    assert_eq!(service.sign_up("anna@example.com", password).await.status, 201);
    assert_eq!(service.sign_in("anna@example.com", password).await.status, 200);
    // A NUL ends nothing: what stands behind it counts.
    for other in ["nul\0inside\0Password", "nul\0inside", "nul\0inside\0password\0", "nul"] {
        assert_eq!(service.sign_in("anna@example.com", other).await.status, 401, "{other:?}");
    }
}

async fn all_broken_fields_are_named_at_once(database: Database) {
    let service = Setup::on(database).start().await;
    let body = json!({ "email": "no address", "username": "a b", "password": "short" });
    let refused = service.raw(&Draft::json(SIGN_UP, body.to_string())).await;
    assert_eq!((refused.status, refused.problem().as_str()), (422, "invalid_input"));
    let errors = refused.json()["errors"].clone();
    let fields: Vec<&str> =
        errors.as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["email", "username", "password"], "{errors}");
    for value in ["no address", "a b", "short"] {
        assert!(!refused.text().contains(&format!("\"{value}\"")), "{errors}");
    }
}

const HTML: &str = "text/html; charset=utf-8";

#[tokio::test]
async fn unknown_paths_are_answered_with_problem_json() {
    let service = Setup::on(Database::sqlite()).start().await;
    for target in [
        "/api/v1/auth",
        "/api/v1/auth/",
        "/api/v1/auth/signin/",
        "/api/v1/auth/sign%69n%00",
        "/api/v1/auth/../auth/me",
        "/api/v1/AUTH/me",
        "/api/v2/auth/me",
        "/api/..%2f..%2fetc%2fpasswd",
        "/health/../vestibule.db",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let raw = service.raw(&Draft::new(method, target)).await;
            let about = format!("{method} {target}");
            assert_eq!((raw.status, raw.problem().as_str()), (404, "not_found"), "{about}");
            keeps_to_itself(&raw);
        }
    }
    let undecodable = service.raw(&Draft::new("GET", "/api/%ff%fe")).await;
    assert_eq!((undecodable.status, undecodable.problem().as_str()), (400, "malformed_request"));
    for target in ["/nothing", "//api/v1/auth/me", "/%", "/.git/config", "/vestibule.db"] {
        let raw = service.raw(&Draft::new("GET", target)).await;
        assert_eq!((raw.status, raw.header("content-type")), (404, Some(HTML)), "{target}");
    }
    let long = format!("/api/{}", "a".repeat(60_000));
    let raw = service.raw(&Draft::new("GET", &long)).await;
    assert_eq!(raw.problem(), "not_found");
    assert!(!raw.text().contains("aaaa"));
}

#[tokio::test]
async fn other_methods_are_refused_and_the_right_one_is_named() {
    let service = Setup::on(Database::sqlite()).start().await;
    for path in POSTED {
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let raw = service.raw(&Draft::new(method, path)).await;
            let about = format!("{method} {path}");
            assert_eq!(
                (raw.status, raw.problem().as_str()),
                (405, "method_not_allowed"),
                "{about}"
            );
            assert_eq!(raw.header("allow"), Some("POST"), "{about}");
            keeps_to_itself(&raw);
        }
        let head = service.raw(&Draft::new("HEAD", path)).await;
        assert_eq!((head.status, head.body.len()), (405, 0), "HEAD {path}");
    }
    for path in [ME, "/health/live", "/health/ready", "/.well-known/paseto-keys"] {
        let raw = service.raw(&Draft::json(path, "{}")).await;
        assert_eq!(
            (raw.status, raw.problem().as_str()),
            (405, "method_not_allowed"),
            "POST {path}"
        );
        assert!(
            raw.header("allow").is_some_and(|allow| allow.contains("GET")),
            "POST {path}: {raw:?}"
        );
    }
}

#[tokio::test]
async fn one_bearer_token_in_one_header_is_the_only_credential() {
    let service = Setup::on(Database::sqlite()).start().await;
    let token = service.sign_up("anna@example.com", PASSWORD).await.token();
    let get = || Draft::new("GET", ME);
    assert_eq!(service.raw(&get().bearing(&token)).await.status, 200);

    let basic = "Basic YW5uYUBleGFtcGxlLmNvbTphIGdvb2QgbG9uZyBwYXNzd29yZA==";
    let (query, path) = (format!("{ME}?access_token={token}"), format!("{ME}?token={token}"));
    for (about, draft) in [
        ("nothing", get()),
        ("a query", Draft::new("GET", &query)),
        ("another query", Draft::new("GET", &path)),
        ("a cookie", get().header("Cookie", format!("access_token={token}; session={token}"))),
        ("Basic", get().header("Authorization", basic)),
        ("no scheme", get().header("Authorization", &token)),
        ("another scheme", get().header("Authorization", format!("Token {token}"))),
        ("no token", get().header("Authorization", "Bearer")),
        ("an empty token", get().header("Authorization", "Bearer ")),
        ("two tokens", get().header("Authorization", format!("Bearer {token} {token}"))),
        ("a list", get().header("Authorization", format!("Bearer {token}, Bearer {token}"))),
        ("quotes", get().header("Authorization", format!("Bearer \"{token}\""))),
        ("not ASCII", get().header("Authorization", [b"Bearer ", &b"\xff"[..]].concat())),
        ("the same twice", get().bearing(&token).bearing(&token)),
        ("right, then wrong", get().bearing(&token).bearing("v4.public.wrong")),
        ("wrong, then right", get().bearing("v4.public.wrong").bearing(&token)),
        ("right, then Basic", get().bearing(&token).header("Authorization", basic)),
        ("one byte less", get().bearing(&token[..token.len() - 1])),
        ("one byte more", get().bearing(&format!("{token}A"))),
        ("a padded token", get().bearing(&format!("{token}="))),
        ("upper case", get().bearing(&token.to_uppercase())),
        ("another version", get().bearing(&token.replacen("v4.public", "v3.public", 1))),
        ("another purpose", get().bearing(&token.replacen("v4.public", "v4.local", 1))),
    ] {
        let raw = service.raw(&draft).await;
        assert_eq!((raw.status, raw.problem().as_str()), (401, "unauthenticated"), "{about}");
        assert_eq!(raw.json()["detail"], "Could not validate credentials", "{about}");
        assert!(!raw.text().contains(&token[..40]), "{about}");
    }
    // RFC 9110: the scheme is not case-sensitive.
    let lower = get().header("Authorization", format!("bearer {token}"));
    assert_eq!(service.raw(&lower).await.status, 200);
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_it() {
    let service = Setup::on(Database::sqlite()).start().await;
    let body = json!({ "email": "anna@example.com", "username": "anna", "password": PASSWORD });
    let created = service.raw(&Draft::json(SIGN_UP, body.to_string())).await;
    assert_eq!(created.status, 201);
    let token = created.json()["access_token"].as_str().unwrap().to_owned();
    let mut ids = vec![created.header("x-request-id").unwrap().to_owned()];
    protected(&created);
    for draft in [
        Draft::new("GET", ME).bearing(&token),
        Draft::new("GET", ME),
        Draft::new("GET", "/api/nothing"),
        Draft::new("GET", SIGN_IN),
        Draft::new("GET", "/health/live"),
        Draft::new("GET", "/health/ready"),
        Draft::new("GET", "/.well-known/paseto-keys"),
        Draft::new("GET", "/password-reset/verify"),
        Draft::json(SIGN_UP, body.to_string()),
        Draft::json(SIGN_IN, "{"),
        Draft::json(SIGN_IN, "{}"),
        Draft::json(SIGN_IN, " ".repeat(20_000)),
        Draft::new("POST", SIGN_IN).body("{}"),
        Draft::new("POST", "/api/v1/auth/signout").bearing(&token),
    ] {
        // An id that comes with a request could be chosen to confuse a log.
        let raw = service.raw(&draft.header("X-Request-Id", "chosen")).await;
        protected(&raw);
        ids.push(raw.header("x-request-id").unwrap().to_owned());
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "every request has an id of its own");
    assert!(ids.iter().all(|id| id.len() == 32 && id != "chosen"), "{ids:?}");
}

fn protected(raw: &Raw) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ] {
        assert_eq!(raw.header(name), Some(value), "{name}: {raw:?}");
    }
    let policy = raw.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    keeps_to_itself(raw);
}

/// No answer names the server software or allows other origins.
fn keeps_to_itself(raw: &Raw) {
    for name in ["server", "x-powered-by", "access-control-allow-origin", "set-cookie"] {
        assert_eq!(raw.header(name), None, "{raw:?}");
    }
}

#[tokio::test]
async fn invalid_http_is_answered_or_disconnected() {
    let service = Setup::on(Database::sqlite()).start().await;
    let hosts = "Host: a\r\nHost: b\r\n";
    for bytes in [
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nBad Name: x\r\nHost: x\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_vec(),
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(50),
        format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(10_000)).into_bytes(),
    ] {
        let status = spoken(&service, &bytes).await;
        let about = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{status:?}: {about}");
    }
    // Two hosts change nothing: the service does not look at them.
    let twice = format!("GET /health/live HTTP/1.1\r\n{hosts}\r\n");
    assert!(matches!(spoken(&service, twice.as_bytes()).await, Some(200 | 400)));
    assert_eq!(service.get("/health/live").await.status, 200);
}

/// Says these bytes and nothing more; answers the status, if there is one.
async fn spoken(service: &Service, bytes: &[u8]) -> Option<u16> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(service.address()).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(crate::people::PATIENCE, stream.read_to_end(&mut answer));
    let _ = reading.await.expect("an answer or the end of the connection");
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}
