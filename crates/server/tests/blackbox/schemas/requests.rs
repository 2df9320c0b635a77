//! A valid request for every operation of the OpenAPI document.

use serde_json::{Map, Value, json};

use super::PASSWORD;
use crate::people::Answer;
use crate::service::Service;
use crate::wire::Draft;

/// The administrator who sends the requests.
const ADMIN: &str = "admin@example.com";

const DONE_BY_THE_VICTIM: [&str; 4] =
    ["signOut", "endOtherSessions", "endSession", "changePassword"];

/// A request before it is changed.
#[derive(Clone)]
pub(super) struct Request {
    method: String,
    pub(super) target: Vec<u8>,
    token: Option<String>,
    pub(super) body: Option<Vec<u8>>,
}

impl Request {
    pub(super) fn draft(&self) -> Draft {
        let mut draft = Draft::new(&self.method, &self.target);
        if let Some(token) = &self.token {
            draft = draft.bearing(token);
        }
        match &self.body {
            Some(body) => draft.header("Content-Type", "application/json").body(body),
            None => draft,
        }
    }
}

/// Creates the account that sends the requests.
pub(super) async fn open_account(service: &Service) {
    assert_eq!(service.sign_up(ADMIN, PASSWORD).await.status, 201);
    service.run(&["admin", "promote", ADMIN]).await;
}

/// Returns a valid request for every operation. Requests that end sessions, change a password
/// or act on another user use a new user in every round.
pub(super) async fn of_every_operation(service: &Service, round: usize) -> Vec<Request> {
    let admin = service.sign_in(ADMIN, PASSWORD).await;
    let victim = service.sign_up(&format!("victim-{round}@example.com"), PASSWORD).await;
    let document = service.get("/openapi.json").await.body;
    let mut requests = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let asks = if DONE_BY_THE_VICTIM.contains(&id) { &victim } else { &admin };
            let is_secured = operation.get("security").is_some();
            requests.push(Request {
                method: method.to_uppercase(),
                target: target(path, operation, &victim).into_bytes(),
                token: is_secured.then(|| asks.token()),
                body: body(&document, operation),
            });
        }
    }
    requests
}

fn target(path: &str, operation: &Value, victim: &Answer) -> String {
    let id = victim.body["user"]["id"].as_str().unwrap();
    let mut target = path.replace("{id}", id);
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let queried = parameters.filter(|one| one["in"] == "query").map(|one| one["name"].as_str());
    for (number, name) in queried.flatten().enumerate() {
        let value = match name {
            "limit" => "10",
            "query" => "example",
            _ => id,
        };
        let sign = if number == 0 { '?' } else { '&' };
        target = format!("{target}{sign}{name}={value}");
    }
    target
}

fn body(document: &Value, operation: &Value) -> Option<Vec<u8>> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let name = schema.as_str()?.rsplit('/').next()?;
    let fields = document["components"]["schemas"][name]["properties"].as_object().unwrap();
    let body: Map<_, _> = fields.keys().map(|name| (name.clone(), value(name))).collect();
    Some(Value::Object(body).to_string().into_bytes())
}

/// A valid value for a field.
fn value(field: &str) -> Value {
    match field {
        "email" | "to" | "from_address" => json!(ADMIN),
        "username" => json!("new-user"),
        "host" => json!("127.0.0.1"),
        "port" => json!(25),
        "security" => json!("none"),
        "is_active" => json!(true),
        "is_admin" => json!(false),
        "from_name" => json!("Vestibule"),
        name if name.contains("token") => json!("0f9d".repeat(16)),
        _ => json!(PASSWORD),
    }
}
