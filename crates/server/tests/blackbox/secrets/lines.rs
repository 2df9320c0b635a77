//! Log injection: the log is one JSON object per line for all requests.

use serde_json::{Value, json};

use crate::database::Database;
use crate::on_both_databases;
use crate::service::{Service, Setup};
use crate::wire::Draft;

on_both_databases! {
    every_line_is_one_json_object_whatever_is_sent;
}

const CANARY: &str = "Zq8tokenofalinkZq8";
const FORGED: &str = "{\"level\":\"INFO\",\"message\":\"forged\"}";

async fn every_line_is_one_json_object_whatever_is_sent(database: Database) {
    let service = Setup::on(database).with("RUST_LOG", "trace").start().await;
    let long = "A".repeat(8 * 1024);
    let values: [&[u8]; 12] = [
        b"\x1b[2J\x1b]0;owned\x07",
        b"a\x1b[31mb",
        "\u{2028}\u{2029}\u{85}".as_bytes(),
        "\u{202e}evil".as_bytes(),
        b"\xff\xfe\xc0\xaf",
        b"\"}\\\",{",
        b"\\u0000\\n",
        b"a\tb",
        b"a\rb",
        b"a\r\n b",
        FORGED.as_bytes(),
        long.as_bytes(),
    ];
    for value in values {
        as_headers(&service, value).await;
        as_target(&service, value).await;
        as_fields(&service, &String::from_utf8_lossy(value)).await;
    }
    as_fields(&service, "a\r\nb\0c\n{\"level\":\"INFO\"}").await;
    let encoded = format!("/%0d%0a%1b%00%e2%80%a8{}", "%22%7d".repeat(100));
    service.raw(&Draft::new("GET", encoded)).await;
    for path in ["/password-reset/verify", "/reset-password", "/nothing"] {
        service.raw(&Draft::new("GET", format!("{path}?token={CANARY}"))).await;
    }

    // A last request is logged as usual.
    service.raw(&Draft::new("GET", "/the-last-request")).await;
    let last = |line: &Value| line["span"]["path"] == "/the-last-request";
    service.log.wait_for(0, |line| last(line) && line["message"] == "answered").await;
    let lines = service.log.lines();
    assert!(lines.len() > 40, "{lines:#?}");
    for line in &lines {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(object["level"].is_string() && object["message"] != "forged", "{line}");
        assert!(!line.contains('\u{1b}') && !line.contains(CANARY), "{line}");
    }
}

async fn as_headers(service: &Service, value: &[u8]) {
    for name in ["User-Agent", "Referer", "X-Request-Id", "X-Forwarded-For", "Authorization"] {
        attempt(service, &Draft::new("GET", "/api/v1/auth/me").header(name, value)).await;
    }
    // Operations that store the user agent: a sign-in and a reset request.
    let body = json!({ "email": "anna@example.com" }).to_string();
    let draft = Draft::json("/api/v1/auth/forgot-password", body).header("User-Agent", value);
    attempt(service, &draft).await;
}

async fn as_target(service: &Service, value: &[u8]) {
    attempt(service, &Draft::new("GET", [b"/", value].concat())).await;
    attempt(service, &Draft::new("GET", [b"/?token=", CANARY.as_bytes(), value].concat())).await;
    // A method must be a token; most of these values are not.
    let method = String::from_utf8_lossy(value).into_owned();
    attempt(service, &Draft::new(&method, "/")).await;
}

async fn as_fields(service: &Service, value: &str) {
    for email in [value.to_owned(), format!("{value}@example.com")] {
        let body = json!({ "email": email, "username": value, "password": value }).to_string();
        let raw = service.raw(&Draft::json("/api/v1/auth/signup", body)).await;
        assert!(matches!(raw.status, 422 | 413), "{raw:?}");
    }
}

/// Sends a request. If it is invalid HTTP, the connection ends with or without a response.
async fn attempt(service: &Service, draft: &Draft) {
    let mut wire = service.wire().await;
    wire.send(draft).await;
    if let Some(raw) = wire.receive().await {
        assert!(raw.status < 500, "{raw:?}");
    }
}
