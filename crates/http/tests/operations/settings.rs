//! SMTP settings, saved by an administrator.

use serde_json::{Value, json};
use time::Duration;
use vestibule_domain::ports::{MailError, Store};
use vestibule_domain::use_cases::smtp_settings::Configured;

use crate::test_app::{ADMIN, Answer, TestApp, an_smtp_server};

const SECRET: &str = "open sesame 1234";

fn wanted() -> Value {
    json!({
        "host": "smtp.example.com",
        "port": 587,
        "security": "starttls",
        "username": "mailer",
        "password": SECRET,
        "from_address": "no-reply@example.com",
        "from_name": "Example",
    })
}

/// Returns valid settings with some fields changed; `None` removes one.
fn but(changes: &[(&str, Option<Value>)]) -> Value {
    let mut body = wanted();
    for (field, value) in changes {
        match value {
            Some(value) => body[*field] = value.clone(),
            None => drop(body.as_object_mut().unwrap().remove(*field)),
        }
    }
    body
}

async fn put(app: &TestApp, body: &Value) -> Answer {
    app.admin("PUT", "/settings/smtp", &body.to_string()).await
}

/// The name and the password in force.
async fn account(app: &TestApp) -> String {
    app.limiter.forget();
    let tested = app.admin("POST", "/settings/smtp/test", r#"{"to":"me@example.com"}"#).await;
    assert_eq!(tested.status, 200);
    let smtp = app.mailers.smtp_servers().pop().unwrap();
    let account = smtp.credentials.map(|c| format!("{} / {}", c.username(), c.password().expose()));
    account.unwrap_or_default()
}

#[tokio::test]
async fn what_is_set_is_shown_but_for_the_password() {
    let app = TestApp::new().await;
    let nothing = app.admin("GET", "/settings/smtp", "").await;
    assert_eq!(nothing.body, json!({"password_set": false}));

    let mut shown = but(&[("password", None)]);
    shown["password_set"] = json!(true);
    shown["set_by"] = json!("administrator");
    let saved = put(&app, &wanted()).await;
    assert_eq!((saved.status, &saved.body), (200, &shown));
    assert_eq!(app.admin("GET", "/settings/smtp", "").await.body, shown);
    assert!(!format!("{:?}", app.store).contains(SECRET), "sealed at rest");
}

#[tokio::test]
async fn a_password_is_kept_forgotten_or_replaced() {
    let app = TestApp::new().await;
    put(&app, &wanted()).await;
    assert_eq!(account(&app).await, format!("mailer / {SECRET}"));

    let kept = put(&app, &but(&[("password", None), ("from_name", None)])).await;
    assert_eq!(kept.body["password_set"], true);
    assert!(kept.body.get("from_name").is_none());
    assert_eq!(account(&app).await, format!("mailer / {SECRET}"));

    let replaced = put(&app, &but(&[("password", Some(json!("another")))])).await;
    assert_eq!(replaced.body["password_set"], true);
    assert_eq!(account(&app).await, "mailer / another");

    let forgotten = put(&app, &but(&[("password", Some(Value::Null))])).await;
    assert_eq!(forgotten.body["password_set"], false);
    assert!(forgotten.body.get("username").is_none());
    assert_eq!(account(&app).await, "");

    let no_credentials =
        put(&app, &but(&[("password", None), ("username", Some(Value::Null))])).await;
    assert_eq!(no_credentials.status, 200);
}

#[tokio::test]
async fn a_password_is_asked_for_again_when_it_would_go_elsewhere() {
    let app = TestApp::new().await;
    put(&app, &wanted()).await;
    for (field, value) in [
        ("host", json!("smtp.attacker.example")),
        ("port", json!(2525)),
        ("security", json!("tls")),
        ("username", json!("other")),
    ] {
        let answer = put(&app, &but(&[("password", None), (field, Some(value))])).await;
        assert_eq!(answer.violations(), [("password", "relay_password_required")], "{field}");
        let detail =
            "Enter the password again, because the host, port, security or username changed";
        assert_eq!(answer.body["errors"][0]["detail"], detail);
    }
    assert_eq!(account(&app).await, format!("mailer / {SECRET}"));
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let app = TestApp::new().await;
    let answer = put(
        &app,
        &json!({
            "host": "smtp://x", "port": 0, "security": "ssl", "username": "",
            "from_address": "", "from_name": "a\r\nBcc: b",
        }),
    )
    .await;
    assert_eq!(
        answer.violations(),
        [
            ("host", "host_format"),
            ("port", "port_range"),
            ("security", "security_unknown"),
            ("username", "relay_credentials"),
            ("from_address", "email_required"),
            ("from_name", "from_name_format"),
        ]
    );
    let details: Vec<_> = answer.body["errors"].as_array().unwrap().iter().collect();
    assert_eq!(details[1]["detail"], "Port must be a number from 1 to 65535");
    assert_eq!(details[4]["detail"], "Enter the from e-mail address");

    for port in [json!(-1), json!(65_536), json!(99_999_999_999_i64)] {
        let answer = put(&app, &but(&[("port", Some(port))])).await;
        assert_eq!(answer.violations(), [("port", "port_range")]);
    }
    for (field, value, code) in [
        ("port", Some(json!("587")), "invalid_type"),
        ("password", Some(json!(7)), "invalid_type"),
        ("host", None, "required"),
        ("from_address", None, "required"),
    ] {
        assert_eq!(put(&app, &but(&[(field, value)])).await.violations(), [(field, code)]);
    }
    let clear = put(&app, &but(&[("security", Some(json!("none")))])).await;
    assert_eq!(clear.violations(), [("security", "relay_unencrypted")]);
    let unicode = but(&[("from_address", Some(json!("zoë@example.com")))]);
    assert_eq!(put(&app, &unicode).await.violations(), [("from_address", "from_address_ascii")]);
}

#[tokio::test]
async fn a_change_needs_a_fresh_proof_of_identity() {
    let app = TestApp::new().await;
    let token = app.token(ADMIN).await;
    app.clock.advance(Duration::minutes(5));
    let headers = [("Authorization", token.as_str())];
    let target = "/api/v1/admin/settings/smtp";
    let answer = app.send("PUT", target, &headers, &wanted().to_string()).await;
    assert_eq!(answer.problem(), (403, "reauthentication_required"));
    assert!(app.store.find_smtp_settings().await.unwrap().is_none());
    assert_eq!(app.send("GET", target, &headers, "").await.status, 200);
}

#[tokio::test]
async fn what_the_configuration_says_is_shown_and_stays() {
    let app =
        TestApp::configured(|mailers| Configured::Smtp(an_smtp_server(), mailers.outgoing.clone()))
            .await;
    let shown = app.admin("GET", "/settings/smtp", "").await;
    assert_eq!(shown.body["set_by"], "configuration");
    assert_eq!(shown.body["host"], "smtp.configured.example");
    assert_eq!(shown.body["password_set"], true);
    assert!(!shown.body.to_string().contains("from the configuration"));
    assert_eq!(put(&app, &wanted()).await.problem(), (400, "set_by_configuration"));
}

#[tokio::test]
async fn a_test_mail_tells_what_came_of_it() {
    let app = TestApp::new().await;
    let test = |to: &'static str| {
        let body = json!({ "to": to }).to_string();
        let app = &app;
        async move { app.admin("POST", "/settings/smtp/test", &body).await }
    };
    assert_eq!(test("me@example.com").await.problem(), (400, "mail_not_set_up"));
    let empty = test("").await;
    assert_eq!(empty.violations(), [("to", "email_required")]);
    assert_eq!(empty.body["errors"][0]["detail"], "Enter the address for the test");

    put(&app, &wanted()).await;
    assert_eq!(test("me@example.com").await.body, json!({"sent": true, "reply": "250 kept"}));
    let last = json!({"at": "2026-09-02T12:00:00Z", "to": "me@example.com", "sent": true});
    let shown = app.admin("GET", "/settings/smtp", "").await;
    assert_eq!(shown.body["last_test"], last);

    app.mailers.outgoing.fail_next(MailError::Transient("refused".into()));
    let explanation = "explained: the mail could not be sent, will retry";
    let failed = test("me@example.com").await;
    assert_eq!(failed.body, json!({"sent": false, "explanation": explanation}));
    let shown = app.admin("GET", "/settings/smtp", "").await;
    assert_eq!(shown.body["last_test"]["sent"], false);

    for _ in 0..2 {
        assert_eq!(test("me@example.com").await.status, 200);
    }
    let throttled = test("me@example.com").await;
    assert_eq!(throttled.problem(), (429, "too_many_requests"));
    assert!(throttled.headers.contains_key("retry-after"));
}
