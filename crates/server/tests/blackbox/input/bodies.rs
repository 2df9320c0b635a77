//! Bodies that are not what an operation takes: always 400, 413, 415 or 422, with problem details.

use serde_json::{Map, Value, json};

use crate::database::Database;
use crate::on_both_databases;
use crate::service::{Service, Setup};
use crate::wire::{Draft, Raw, Wire};

on_both_databases! {
    no_body_is_a_fault_of_the_service;
}

/// Stands in every submitted value, and never in an answer.
const CANARY: &str = "Zq7canaryZq7";

/// An operation with a body, and the names of its fields, which are all texts.
struct Operation {
    path: &'static str,
    fields: &'static [&'static str],
    bearer: bool,
}

const OPERATIONS: &[Operation] = &[
    open("/api/v1/auth/signup", &["email", "username", "password"]),
    open("/api/v1/auth/signin", &["email", "password"]),
    open("/api/v1/auth/refresh", &["refresh_token"]),
    open("/api/v1/auth/forgot-password", &["email"]),
    open("/api/v1/auth/reset-password", &["token", "new_password"]),
    Operation {
        path: "/api/v1/auth/change-password",
        fields: &["old_password", "new_password"],
        bearer: true,
    },
    open("/password-reset/request", &["email"]),
    open("/password-reset/reset", &["token", "password"]),
];

const fn open(path: &'static str, fields: &'static [&'static str]) -> Operation {
    Operation { path, fields, bearer: false }
}

impl Operation {
    /// Something acceptable for a field.
    fn value(field: &str) -> Value {
        match field {
            "email" => json!(format!("{CANARY}@example.com")),
            "username" => json!(CANARY),
            _ => json!(format!("{CANARY} long enough")),
        }
    }

    fn valid(&self) -> Map<String, Value> {
        self.fields.iter().map(|field| ((*field).to_owned(), Self::value(field))).collect()
    }

    /// The body with one field replaced by something else.
    fn with(&self, field: &str, value: Value) -> String {
        let mut body = self.valid();
        body.insert(field.to_owned(), value);
        Value::from(body).to_string()
    }

    /// The body with one field's value replaced by these bytes, JSON or not.
    fn with_bytes(&self, field: &str, bytes: &[u8]) -> Vec<u8> {
        let body = self.with(field, json!("@@"));
        let (before, after) = body.split_once("\"@@\"").unwrap();
        [before.as_bytes(), bytes, after.as_bytes()].concat()
    }

    fn draft(&self, token: &str, body: impl AsRef<[u8]>) -> Draft {
        let draft = Draft::new("POST", self.path).header("Content-Type", "application/json");
        self.authorized(draft, token).body(body)
    }

    fn authorized(&self, draft: Draft, token: &str) -> Draft {
        if self.bearer { draft.bearing(token) } else { draft }
    }

    /// Bodies that are JSON, but not this operation's: the field at fault and the rule it breaks.
    fn unprocessable(&self) -> Vec<(Vec<u8>, String, &'static str)> {
        let mut bodies = Vec::new();
        let mut add =
            |body: Vec<u8>, field: &str, code| bodies.push((body, field.to_owned(), code));
        for field in self.fields {
            let mut missing = self.valid();
            missing.remove(*field);
            add(Value::from(missing).to_string().into_bytes(), field, "required");
            let twice =
                self.with_bytes(field, format!("\"{CANARY}\", \"{field}\": \"x\"").as_bytes());
            add(twice, field, "duplicate");
            for value in [
                Value::Null,
                json!(true),
                json!(17),
                json!(-1.5e300),
                json!(u64::MAX),
                json!([CANARY]),
                json!([]),
                json!({ "$ne": CANARY }),
                json!({}),
            ] {
                add(self.with(field, value).into_bytes(), field, "invalid_type");
            }
            add(self.with_bytes(field, "[".repeat(10_000).as_bytes()), field, "invalid_type");
        }
        add(self.with("admin", json!(CANARY)).into_bytes(), "", "unknown_field");
        add(self.with("is_admin", json!(true)).into_bytes(), "", "unknown_field");
        add(self.with(CANARY, json!(CANARY)).into_bytes(), "", "unknown_field");
        add(self.with("__proto__", json!({})).into_bytes(), "", "unknown_field");
        let upper = self.fields[0].to_ascii_uppercase();
        add(self.with(&upper, json!(CANARY)).into_bytes(), "", "unknown_field");
        // A list of the right values in the right order is not an object.
        let values: Vec<Value> = self.fields.iter().map(|field| Self::value(field)).collect();
        add(Value::from(values).to_string().into_bytes(), "", "invalid_type");
        for other in [format!("[\"{CANARY}\"]"), format!("\"{CANARY}\""), "null".into(), "7".into()]
        {
            add(other.into_bytes(), "", "invalid_type");
        }
        add("[".repeat(10_000).into_bytes(), "", "invalid_type");
        bodies
    }

    /// Bodies that are not JSON.
    fn malformed(&self) -> Vec<Vec<u8>> {
        let valid = Value::from(self.valid()).to_string();
        let field = self.fields[0];
        let text = |inside: &[u8]| self.with_bytes(field, &[b"\"", inside, b"\""].concat());
        vec![
            Vec::new(),
            b" ".to_vec(),
            b"{".to_vec(),
            valid[..valid.len() - 1].into(),
            valid[..valid.len() / 2].into(),
            format!("\u{feff}{valid}").into_bytes(),
            format!("{valid}{valid}").into_bytes(),
            format!("{valid} x").into_bytes(),
            valid.replace('"', "'").into_bytes(),
            valid.replace('}', ",}").into_bytes(),
            format!("/* {CANARY} */{valid}").into_bytes(),
            format!("email={CANARY}&password={CANARY}").into_bytes(),
            text(b"\xff\xfe"),
            text(b"\xc0\xaf"),
            text(b"\xed\xa0\x80"),
            text(br"\ud800"),
            text(br"\ud800\u0041"),
            text(br"\udc00\ud800"),
            text(br"\x41"),
            text(b"a\nb"),
            text(b"a\0b"),
            self.with_bytes(field, b"NaN"),
            self.with_bytes(field, b"Infinity"),
            self.with_bytes(field, b"01"),
            self.with_bytes(field, b"1e999999"),
            self.with_bytes(field, format!("-{}e9", "9".repeat(4000)).as_bytes()),
            self.with_bytes(field, b"tru"),
        ]
    }
}

async fn no_body_is_a_fault_of_the_service(database: Database) {
    let service = Setup::on(database).start().await;
    let token = service.sign_up("anna@example.com", "a good long password").await.token();
    let mut wire = service.wire().await;
    for operation in OPERATIONS {
        for (body, field, code) in operation.unprocessable() {
            let raw = refused(&mut wire, &operation.draft(&token, &body)).await;
            let about = format!("{}: {}", operation.path, String::from_utf8_lossy(&body));
            let about = &about[..about.len().min(300)];
            assert_eq!((raw.status, raw.problem().as_str()), (422, "invalid_input"), "{about}");
            let error = &raw.json()["errors"][0];
            assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{about}");
        }
        for body in operation.malformed() {
            let raw = refused(&mut wire, &operation.draft(&token, &body)).await;
            let about = format!("{}: {}", operation.path, String::from_utf8_lossy(&body));
            let about = &about[..about.len().min(300)];
            assert_eq!((raw.status, raw.problem().as_str()), (400, "malformed_json"), "{about}");
        }
        too_large(&service, operation, &token).await;
        wrongly_announced(&service, operation, &token).await;
    }
    // None of them had an effect, and their client is still served.
    let me = service.me(&token).await;
    assert_eq!((me.status, &me.body["username"]), (200, &json!("anna")));
    assert_eq!(service.sign_in("anna@example.com", "a good long password").await.status, 200);
}

/// Asserts that nothing of the request comes back.
async fn refused(wire: &mut Wire, draft: &Draft) -> Raw {
    let raw = wire.exchange(draft).await;
    let everything = format!("{:?}{}", raw.headers, raw.text());
    assert!(!everything.to_ascii_lowercase().contains(&CANARY.to_ascii_lowercase()), "{raw:?}");
    raw
}

async fn too_large(service: &Service, operation: &Operation, token: &str) {
    let body = operation.with(operation.fields[0], json!("a".repeat(1024 * 1024)));
    let announced = operation.draft(token, &body);
    let chunked = Draft::new("POST", operation.path).header("Content-Type", "application/json");
    let chunked = operation.authorized(chunked, token).chunked(body.as_bytes());
    let just = operation.draft(token, " ".repeat(16 * 1024 + 1));
    for draft in [announced, chunked, just] {
        let raw = service.raw(&draft).await;
        let about = operation.path;
        assert_eq!((raw.status, raw.problem().as_str()), (413, "payload_too_large"), "{about}");
    }
    // The limit itself is still within it.
    let raw = service.raw(&operation.draft(token, " ".repeat(16 * 1024))).await;
    assert_eq!((raw.status, raw.problem().as_str()), (400, "malformed_json"), "{}", operation.path);
}

async fn wrongly_announced(service: &Service, operation: &Operation, token: &str) {
    let body = Value::from(operation.valid()).to_string();
    let mut wire = service.wire().await;
    for kind in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/json; charset=latin1"),
        Some("application/json; charset=utf-16"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/jsonx"),
        Some("application/problem+json"),
        Some("*/*"),
        Some("json"),
        Some(CANARY),
    ] {
        let mut draft = operation.authorized(Draft::new("POST", operation.path), token);
        if let Some(kind) = kind {
            draft = draft.header("Content-Type", kind);
        }
        let raw = refused(&mut wire, &draft.body(&body)).await;
        let about = (operation.path, kind);
        assert_eq!(
            (raw.status, raw.problem().as_str()),
            (415, "unsupported_media_type"),
            "{about:?}"
        );
    }
    // Ways to say it that are right.
    for kind in ["application/json", "Application/JSON", "application/json; charset=UTF-8"] {
        let draft = operation.authorized(Draft::new("POST", operation.path), token);
        let raw = wire.exchange(&draft.header("Content-Type", kind).body("{}")).await;
        assert_eq!(raw.status, 422, "{kind}: {raw:?}");
    }
}

/// An operation that takes a body and is not in the table above would go untested.
#[tokio::test]
async fn the_table_knows_every_operation_with_a_body() {
    let service = Setup::on(Database::sqlite()).start().await;
    let document = service.get("/openapi.json").await.body;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let known = OPERATIONS.iter().any(|known| known.path == path);
            let takes_body = operation.get("requestBody").is_some();
            // Administration requires an administrator; it has tests of its own.
            let covered = known || path.starts_with("/api/v1/admin/");
            assert!(covered || !takes_body, "{method} {path} is missing in OPERATIONS");
        }
    }
}
