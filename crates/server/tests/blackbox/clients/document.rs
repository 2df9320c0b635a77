//! Lints the API document and compares it with the one of the last release.

use serde_json::{Value, json};

use crate::workshop::{DOCUMENT, Workshop, in_tree, run};

/// The document of the last release; there is none before the first.
const RELEASED: &str = "docs/released/openapi.json";

type Change = (&'static str, fn(&mut Value));

fn read(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(in_tree(path)).unwrap()).unwrap()
}

/// The document after a change.
fn changed(change: fn(&mut Value)) -> Value {
    let mut document = read(DOCUMENT);
    change(&mut document);
    document
}

fn linter() -> Workshop {
    Workshop::with("crates/http/clients/lint", &["redocly.yaml"]).with_packages("lint", "")
}

/// Returns the JSON report of Redocly.
async fn report(workshop: &Workshop, arguments: &[&str]) -> Value {
    let mut redocly = workshop.npm_program("", "redocly");
    redocly.args(arguments).args(["--config", "redocly.yaml", "--format", "json"]);
    let said = run(&mut redocly).await;
    serde_json::from_str(&said.output).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

/// The rules that a document breaks, once for each time.
async fn broken_rules(workshop: &Workshop, document: &str) -> Vec<String> {
    std::fs::write(workshop.path("document.json"), document).unwrap();
    let report = report(workshop, &["lint", "document.json", "--max-problems", "1000"]).await;
    let problems = report["problems"].as_array().unwrap();
    problems.iter().map(|one| one["ruleId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn it_passes_the_linter() {
    // As it stands there: the order is part of it.
    let document = std::fs::read_to_string(in_tree(DOCUMENT)).unwrap();
    assert_eq!(broken_rules(&linter(), &document).await, [""; 0]);
}

#[tokio::test]
async fn the_linter_finds_what_is_wrong() {
    let workshop = linter();
    let wrong: [Change; 4] = [
        ("security-defined", |document| {
            me(document).as_object_mut().unwrap().remove("security").unwrap();
        }),
        ("response-mime-type", |document| {
            me(document)["responses"]["200"]["content"] = json!({ "text/plain": {} });
        }),
        ("rule/errors-are-problems", |document| {
            let content = me(document)["responses"]["200"]["content"].clone();
            me(document)["responses"]["500"]["content"] = content;
        }),
        ("response-contains-header", |document| {
            me(document)["responses"]["429"].as_object_mut().unwrap().remove("headers").unwrap();
        }),
    ];
    for (rule, change) in wrong {
        let broken = broken_rules(&workshop, &changed(change).to_string()).await;
        assert!(broken.iter().any(|one| one == rule), "{rule}: {broken:?}");
    }
}

/// The changes that break clients, as paths into the document.
async fn breaks(workshop: &Workshop, base: &Value, document: &Value) -> Vec<String> {
    for (name, text) in [("base.json", base), ("document.json", document)] {
        std::fs::write(workshop.path(name), text.to_string()).unwrap();
    }
    let arguments = ["diff", "base.json", "document.json", "--fail-on", "none"];
    let report = report(workshop, &arguments).await;
    let changes = report["changes"].as_array().unwrap().iter();
    let breaks = changes.filter(|change| change["impact"] == "major");
    let breaks: Vec<_> = breaks.map(|one| one["path"].as_str().unwrap().to_owned()).collect();
    assert_eq!(report["summary"]["major"], breaks.len());
    breaks
}

#[tokio::test]
async fn nothing_breaks_the_last_release_unannounced() {
    if !in_tree(RELEASED).exists() {
        return; // `cargo xtask tidy` asks for it as soon as the change log has a release.
    }
    let (released, document) = (read(RELEASED), read(DOCUMENT));
    let version = |document: &Value| document["info"]["version"].as_str().unwrap().to_owned();
    if !announces_a_break(&version(&released), &version(&document)) {
        assert_eq!(breaks(&linter(), &released, &document).await, [""; 0]);
    }
}

/// Returns `true` if the first number other than zero differs, which allows breaking changes.
fn announces_a_break(before: &str, now: &str) -> bool {
    fn promise(version: &str) -> Vec<&str> {
        let numbers: Vec<_> = version.split('.').collect();
        let counts = numbers.iter().position(|number| *number != "0").unwrap();
        numbers[..=counts].to_vec()
    }
    promise(before) != promise(now)
}

#[test]
fn a_break_is_announced_by_the_first_number_that_counts() {
    for (before, now, is_announced) in [
        ("0.1.0", "0.1.1", false),
        ("0.1.9", "0.2.0", true),
        ("0.9.0", "1.0.0", true),
        ("1.2.3", "1.3.0", false),
        ("1.2.3", "2.0.0", true),
    ] {
        assert_eq!(announces_a_break(before, now), is_announced, "{before} {now}");
    }
}

#[tokio::test]
async fn what_breaks_clients_is_told_from_what_does_not() {
    let workshop = linter();
    let document = read(DOCUMENT);
    let breaking: [Change; 4] = [
        ("an operation is gone", |document| {
            let paths = document["paths"].as_object_mut().unwrap();
            paths["/api/v1/auth/sessions"].as_object_mut().unwrap().remove("delete").unwrap();
        }),
        ("a request needs more", |document| {
            schema(document, "SignInRequest")["properties"]["code"] = json!({ "type": "string" });
            required(document, "SignInRequest").push("code".into());
        }),
        ("an answer has less", |document| {
            let user = schema(document, "UserResponse")["properties"].as_object_mut().unwrap();
            user.remove("username").unwrap();
            required(document, "UserResponse").retain(|name| name != "username");
        }),
        ("an answer may be without", |document| {
            required(document, "UserResponse").retain(|name| name != "username");
        }),
    ];
    for (name, change) in breaking {
        assert_ne!(breaks(&workshop, &document, &changed(change)).await, [""; 0], "{name}");
    }
    let harmless: [Change; 4] = [
        ("nothing", |_| ()),
        ("an operation more", |document| {
            let operation = me(document).clone();
            document["paths"]["/api/v1/auth/you"] = json!({ "get": operation });
            document["paths"]["/api/v1/auth/you"]["get"]["operationId"] = "getYou".into();
        }),
        ("a request may say more", |document| {
            schema(document, "SignInRequest")["properties"]["code"] = json!({ "type": "string" });
        }),
        ("an answer says more", |document| {
            schema(document, "UserResponse")["properties"]["code"] = json!({ "type": "string" });
            required(document, "UserResponse").push("code".into());
        }),
    ];
    for (name, change) in harmless {
        assert_eq!(breaks(&workshop, &document, &changed(change)).await, [""; 0], "{name}");
    }
}

/// The operation that most changes are tried on.
fn me(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/api/v1/auth/me"]["get"]
}

fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    &mut document["components"]["schemas"][name]
}

fn required<'a>(document: &'a mut Value, schema_name: &str) -> &'a mut Vec<Value> {
    schema(document, schema_name)["required"].as_array_mut().unwrap()
}
