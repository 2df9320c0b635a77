//! Without credentials all operations of the OpenAPI document answer 401, except those listed in
//! `public_operations.txt`, one operation id a line.
//!
//! The operations come from the document, so new ones are included. Each response must be
//! documented.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::database::Database;
use crate::service::{Service, Setup};
use crate::wire::{Draft, Raw};

const PUBLIC: &str = include_str!("public_operations.txt");
/// The committed document, if there is one; that it is up to date is checked elsewhere.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
const FORGED: &str = "v4.public.eyJzdWIiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAifQ";

/// An operation as it is documented.
struct Operation {
    id: String,
    method: String,
    path: String,
    takes_body: bool,
    is_secured: bool,
    responses: Vec<String>,
}

impl Operation {
    fn is_public(&self) -> bool {
        PUBLIC.lines().any(|line| line == self.id)
    }

    /// The path with something well-formed for every parameter.
    fn target(&self) -> String {
        let filled = |part: &str| match part.strip_prefix('{') {
            Some(_) => "00000000-0000-7000-8000-000000000000".to_owned(),
            None => part.to_owned(),
        };
        self.path.split('/').map(filled).collect::<Vec<_>>().join("/")
    }

    /// A request as far as possible right, but for the credentials and the values.
    fn draft(&self) -> Draft {
        let draft = Draft::new(&self.method, self.target());
        if self.takes_body { draft.header("Content-Type", "application/json") } else { draft }
    }

    /// Ends the request; what takes no body is sent none.
    fn with_body(&self, draft: Draft, body: &str) -> Draft {
        if self.takes_body { draft.body(body) } else { draft }
    }

    fn documents(&self, status: u16) -> bool {
        self.responses.contains(&status.to_string())
    }

    fn insist_on_documented(&self, raw: &Raw, about: &str) {
        let documented = self.documents(raw.status);
        assert!(documented, "{} answers {about} with an undocumented {}", self.id, raw.status);
        assert!(raw.status < 500 || raw.status == 503, "{}: {about}: {raw:?}", self.id);
        if raw.status >= 400 {
            raw.problem();
        }
    }
}

async fn operations(service: &Service) -> Vec<Operation> {
    let document: Value = match std::fs::read_to_string(DOCUMENT) {
        Ok(text) => serde_json::from_str(&text).unwrap(),
        Err(_) => service.get("/openapi.json").await.body,
    };
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str();
            let id = id.unwrap_or_else(|| panic!("{method} {path} has no operationId")).to_owned();
            let secured = operation.get("security").and_then(Value::as_array);
            operations.push(Operation {
                id,
                method: method.to_uppercase(),
                path: path.clone(),
                takes_body: operation.get("requestBody").is_some(),
                is_secured: secured.is_some_and(|schemes| !schemes.is_empty()),
                responses: operation["responses"].as_object().unwrap().keys().cloned().collect(),
            });
        }
    }
    operations
}

#[tokio::test]
async fn without_credentials_only_what_is_public_answers() {
    let service = Setup::on(Database::sqlite()).start().await;
    let operations = operations(&service).await;
    assert!(operations.len() >= 13, "the document has {} operations", operations.len());
    for operation in &operations {
        let id = &operation.id;
        let nothing = operation.draft();
        let forged = operation.draft().bearing(FORGED);
        let basic = operation.draft().header("Authorization", "Basic YTpi");
        let proxied = operation
            .draft()
            .header("X-Forwarded-For", "127.0.0.1")
            .header("X-Forwarded-User", "admin")
            .header("X-User-Id", "1")
            .header("Cookie", "session=admin");
        for draft in [nothing, forged, basic, proxied] {
            for body in ["{}", "", "{\"id\":1}", "nonsense"] {
                let raw = service.raw(&operation.with_body(draft.clone(), body)).await;
                if operation.is_public() {
                    operation.insist_on_documented(&raw, body);
                } else {
                    let about = format!("{id} answers {} without credentials", raw.status);
                    assert_eq!(raw.status, 401, "{about}; is it in public_operations.txt?");
                    assert_eq!(raw.problem(), "unauthenticated", "{id}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_public_is_declared_twice_and_alike() {
    let service = Setup::on(Database::sqlite()).start().await;
    let operations = operations(&service).await;
    let ids: BTreeSet<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(ids.len(), operations.len(), "an operationId is used twice");
    for operation in &operations {
        let Operation { id, is_secured, .. } = operation;
        let public = operation.is_public();
        assert_ne!(*is_secured, public, "{id} is secured: {is_secured}, and public: {public}");
    }
    let lines: Vec<&str> = PUBLIC.lines().collect();
    assert!(lines.is_sorted_by(|a, b| a < b), "public_operations.txt is in order");
    for line in lines {
        assert!(ids.contains(line), "public_operations.txt names {line:?}, which does not exist");
    }
}

#[tokio::test]
async fn every_operation_documents_how_it_fails() {
    let service = Setup::on(Database::sqlite()).start().await;
    for operation in operations(&service).await {
        let successes = operation.responses.iter().filter(|status| status.starts_with('2')).count();
        assert_eq!(successes, 1, "{}: {:?}", operation.id, operation.responses);
        let mut expected = Vec::new();
        if operation.takes_body {
            expected.extend([400, 413, 415, 422, 500, 503]);
        }
        if operation.is_secured {
            expected.extend([401, 500, 503]);
        }
        if operation.target() != operation.path {
            expected.push(404);
        }
        for status in expected {
            assert!(operation.documents(status), "{} does not document {status}", operation.id);
        }
    }
}

#[tokio::test]
async fn whatever_is_answered_is_documented() {
    let service = Setup::on(Database::sqlite()).start().await;
    let signed_up = service.sign_up("anna@example.com", "a good long password").await;
    for operation in operations(&service).await {
        // Signing out ends the session, so each request uses a fresh one.
        let token = service.sign_in("anna@example.com", "a good long password").await.token();
        assert_eq!(signed_up.status, 201);
        let huge = " ".repeat(20_000);
        let mut wire = service.wire().await;
        for (about, credentials) in [("no client", None), ("a user", Some(token.as_str()))] {
            let with = |draft: Draft| match credentials {
                Some(token) => draft.bearing(token),
                None => draft,
            };
            let plain = with(operation.draft());
            let mut drafts = vec![
                ("nothing", operation.with_body(plain.clone(), "")),
                ("an empty object", operation.with_body(plain.clone(), "{}")),
                ("an unknown field", operation.with_body(plain.clone(), "{\"a\":1}")),
            ];
            if operation.takes_body {
                let text = Draft::new(&operation.method, operation.target());
                let text = with(text.header("Content-Type", "text/plain")).body("{}");
                drafts.push(("a text", text));
                drafts.push(("too much", plain.body(&huge)));
            }
            for (what, draft) in drafts {
                let raw = wire.exchange(&draft).await;
                operation.insist_on_documented(&raw, &format!("{about} who sends {what}"));
            }
        }
    }
}

#[tokio::test]
async fn the_documents_run_nothing_but_what_is_in_them() {
    let service = Setup::on(Database::sqlite()).start().await;
    let page = service.http.get(service.url("/docs")).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(page.text().await.unwrap().starts_with("<!doctype html>"));
}
