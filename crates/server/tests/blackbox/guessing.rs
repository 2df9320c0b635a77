//! The sign-in throttle and the audit log, over HTTP, with rate limits.

use serde_json::Value;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::{Database, execute};
use crate::on_both_databases;
use crate::people::{Answer, CHANGED, RESET, mail_to, mails_so_far};
use crate::service::{Service, Setup};

on_both_databases! {
    a_hundred_wrong_passwords_disable_the_password_and_a_reset_mends_it;
    a_sign_in_after_ten_failures_is_told;
    common_and_personal_passwords_are_refused_at_every_door;
    administrators_read_what_happened;
}

const PASSWORD: &str = "the first password";
const ANNA: &str = "anna@example.com";

/// Every client uses a trusted proxy and has a network of its own.
async fn guess(service: &Service, network: u32, email: &str, password: &str) -> Answer {
    let [_, b, c, d] = network.to_be_bytes();
    let body = serde_json::json!({ "email": email, "password": password });
    let request = service
        .http
        .post(service.url("/api/v1/auth/signin"))
        .header("X-Forwarded-For", format!("10.{b}.{c}.{d}"))
        .json(&body);
    Answer::of(request.send().await.unwrap()).await
}

fn guarded(database: Database, smtp: &SmtpSink) -> Setup {
    Setup::on(database)
        .mailing_to(smtp)
        .with("VESTIBULE_LIMITS__ENABLED", "true")
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
}

async fn a_hundred_wrong_passwords_disable_the_password_and_a_reset_mends_it(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = guarded(database, &smtp).start().await;
    let session = service.sign_up(ANNA, PASSWORD).await.token();
    for network in 0..100 {
        guess(&service, network, ANNA, "a wrong password")
            .await
            .is(401, "Invalid email or password");
    }
    guess(&service, 200, ANNA, PASSWORD).await.is(401, "Invalid email or password");
    assert_eq!(service.me(&session).await.status, 200, "the account is not disabled");
    mail_to(&smtp, ANNA, "Your Vestibule password was disabled").await;

    service.forget(ANNA).await;
    let token = mail_to(&smtp, ANNA, RESET).await.token().unwrap().to_owned();
    service.reset(&token, "the second password").await.is(200, "Password reset successfully");
    assert_eq!(guess(&service, 201, ANNA, "the second password").await.status, 200);
    mail_to(&smtp, ANNA, CHANGED).await;
}

async fn a_sign_in_after_ten_failures_is_told(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = guarded(database, &smtp).start().await;
    service.sign_up(ANNA, PASSWORD).await;
    for network in 0..10 {
        guess(&service, network, ANNA, "a wrong password").await;
    }
    assert_eq!(guess(&service, 100, ANNA, PASSWORD).await.status, 200);
    let subject = "Sign-in to Vestibule after wrong passwords";
    mail_to(&smtp, ANNA, subject).await;
    assert_eq!(guess(&service, 100, ANNA, PASSWORD).await.status, 200);
    assert_eq!(mails_so_far(&smtp, ANNA, subject).len(), 1);
}

async fn common_and_personal_passwords_are_refused_at_every_door(database: Database) {
    let service = Setup::on(database).start().await;
    let session = service.sign_up(ANNA, PASSWORD).await.token();
    let token = service.reset_link(ANNA).await;
    let field_and_code = |answer: &Answer| {
        assert_eq!(answer.status, 422, "{answer:?}");
        let error = &answer.body["errors"][0];
        (error["field"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())
    };
    for (password, code) in [
        ("123456789012", "password_common"),
        ("PASSWORDpassword", "password_common"),
        ("anna@example.com", "password_personal"),
        ("Vestibule 2026!", "password_personal"),
    ] {
        let at = |field: &str| (field.to_owned(), code.to_owned());
        let signed_up = service.sign_up(ANNA, password).await;
        assert_eq!(field_and_code(&signed_up), at("password"), "{password}");
        let changed = service.change(&session, PASSWORD, password).await;
        assert_eq!(field_and_code(&changed), at("new_password"), "{password}");
        let reset = service.reset(&token, password).await;
        assert_eq!(field_and_code(&reset), at("new_password"), "{password}");
        let body = serde_json::json!({ "token": token, "password": password });
        let reset = service.post("/password-reset/reset", body).await;
        assert_eq!(field_and_code(&reset), at("password"), "{password}");
    }
    assert!(service.verify(&token).await, "a refused password costs no link");
    service.reset(&token, "the second password").await.is(200, "Password reset successfully");
}

async fn administrators_read_what_happened(database: Database) {
    let service = Setup::on(database).reading_every_session().start().await;
    let anna = service.sign_up(ANNA, PASSWORD).await;
    service.sign_in(ANNA, "a wrong password").await;
    service.sign_in("unknown@example.com", "a wrong password").await;
    let denied = events(&service, &anna.token(), "").await;
    denied.is(403, "Administrators only");
    assert_eq!(service.get("/api/v1/admin/audit").await.status, 401);
    let db = service.database().await;
    assert_eq!(execute(&db, "UPDATE users SET is_admin = true").await, 1);

    let all = events(&service, &anna.token(), "").await;
    assert_eq!(all.status, 200, "{all:?}");
    let kinds: Vec<_> = list(&all).iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["sign_in_failed", "sign_in_failed", "signed_up"]);
    let about_unknown = &list(&all)[0];
    assert_eq!(about_unknown["user_id"], Value::Null);
    assert!(!all.body.to_string().contains("unknown@"), "an unknown address is not kept");
    assert_eq!(list(&all)[2]["ip"], "127.0.0.1");
    assert_eq!(list(&all)[2]["by"], "holder");

    let first = events(&service, &anna.token(), "?limit=2").await;
    assert_eq!(list(&first).len(), 2);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = events(&service, &anna.token(), &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!((list(&rest).len(), &rest.body["next_cursor"]), (1, &Value::Null));
    let id = anna.body["user"]["id"].as_str().unwrap();
    let own = events(&service, &anna.token(), &format!("?user_id={id}")).await;
    assert_eq!(list(&own).len(), 2);
}

async fn events(service: &Service, token: &str, query: &str) -> Answer {
    let path = format!("/api/v1/admin/audit{query}");
    let request = service.http.get(service.url(&path)).bearer_auth(token);
    Answer::of(request.send().await.unwrap()).await
}

fn list(answer: &Answer) -> &Vec<Value> {
    answer.body["events"].as_array().unwrap()
}
