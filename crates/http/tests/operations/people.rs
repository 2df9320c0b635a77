//! Administration of accounts and mails.

use time::Duration;
use vestibule_domain::model::language::Language;
use vestibule_domain::ports::Store;

use crate::test_app::{ADMIN, ANNA, TestApp};

const UNKNOWN_ID: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn an_account_is_changed_where_it_is_said_and_nowhere_else() {
    let app = TestApp::new().await;
    let anna = app.user(ANNA).await;
    let token = app.token(ANNA).await;
    let path = format!("/users/{}", anna.id);
    for (body, active, admin) in [
        ("{}", true, false),
        (r#"{"is_admin":true}"#, true, true),
        (r#"{"is_active":false}"#, false, true),
        (r#"{"is_active":false}"#, false, true),
        (r#"{"is_active":true,"is_admin":false}"#, true, false),
    ] {
        let answer = app.admin("PATCH", &path, body).await;
        assert_eq!(answer.status, 200, "{body}");
        assert_eq!(answer.body["is_active"], active, "{body}");
        assert_eq!(answer.body["is_admin"], admin, "{body}");
        let stored = app.user(ANNA).await;
        assert_eq!((stored.is_active, stored.is_admin), (active, admin), "{body}");
    }
    let me = app.send("GET", "/api/v1/auth/me", &[("Authorization", &token)], "").await;
    assert_eq!(me.problem(), (401, "unauthenticated"), "deactivation ended the session for good");
}

#[tokio::test]
async fn a_change_says_true_or_false_or_nothing() {
    let app = TestApp::new().await;
    let path = format!("/users/{}", app.user(ANNA).await.id);
    for (body, field, code) in [
        (r#"{"is_active":null}"#, "is_active", "invalid_type"),
        (r#"{"is_admin":"true"}"#, "is_admin", "invalid_type"),
        (r#"{"is_admin":true,"is_admin":false}"#, "is_admin", "duplicate"),
        (r#"{"email":"b@example.com"}"#, "", "unknown_field"),
    ] {
        assert_eq!(app.admin("PATCH", &path, body).await.violations(), [(field, code)], "{body}");
    }
}

#[tokio::test]
async fn administrators_do_not_shut_themselves_out() {
    let app = TestApp::new().await;
    let path = format!("/users/{}", app.user(ADMIN).await.id);
    let sessions = format!("{path}/sessions");
    for (method, path, body) in [
        ("PATCH", path.as_str(), r#"{"is_admin":false}"#),
        ("PATCH", &path, r#"{"is_active":false}"#),
        ("PATCH", &path, r#"{"is_active":false,"is_admin":true}"#),
        ("DELETE", &path, ""),
        ("DELETE", &sessions, ""),
    ] {
        let answer = app.admin(method, path, body).await;
        assert_eq!(answer.problem(), (400, "own_account"), "{method} {body}");
    }
    let admin = app.user(ADMIN).await;
    assert!(admin.is_admin && admin.is_active);
    let unchanged = app.admin("PATCH", &path, r#"{"is_active":true,"is_admin":true}"#).await;
    assert_eq!(unchanged.status, 200);
}

#[tokio::test]
async fn a_deleted_account_is_gone() {
    let app = TestApp::new().await;
    let path = format!("/users/{}", app.user(ANNA).await.id);
    assert_eq!(app.admin("DELETE", &path, "").await.status, 204);
    assert_eq!(app.admin("DELETE", &path, "").await.problem(), (404, "user_not_found"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::new().await;
    for (method, path, code) in [
        ("PATCH", format!("/users/{UNKNOWN_ID}"), "user_not_found"),
        ("DELETE", format!("/users/{UNKNOWN_ID}"), "user_not_found"),
        ("POST", format!("/users/{UNKNOWN_ID}/send-reset"), "user_not_found"),
        ("DELETE", format!("/users/{UNKNOWN_ID}/sessions"), "user_not_found"),
        ("POST", format!("/mail/{UNKNOWN_ID}/resend"), "not_found"),
        ("PATCH", "/users/1".to_owned(), "not_found"),
        ("POST", "/mail/%00/resend".to_owned(), "not_found"),
    ] {
        let body = if method == "PATCH" { "{}" } else { "" };
        let answer = app.admin(method, &path, body).await;
        assert_eq!(answer.problem(), (404, code), "{method} {path}");
    }
}

#[tokio::test]
async fn sessions_are_ended_and_links_asked_for() {
    let app = TestApp::new().await;
    let token = app.token(ANNA).await;
    let path = format!("/users/{}", app.user(ANNA).await.id);
    let ended = app.admin("DELETE", &format!("{path}/sessions"), "").await;
    assert_eq!(ended.status, 204);
    let me = app.send("GET", "/api/v1/auth/me", &[("Authorization", &token)], "").await;
    assert_eq!(me.status, 401);

    let sent = app.admin("POST", &format!("{path}/send-reset"), "").await;
    assert_eq!(sent.status, 202);
    let mut unit = app.store.begin().await.unwrap();
    let waiting = unit.take_reset_request().await.unwrap().unwrap();
    assert_eq!(waiting.email_key.as_str(), ANNA);
    drop(unit);

    app.admin("PATCH", &path, r#"{"is_active":false}"#).await;
    let refused = app.admin("POST", &format!("{path}/send-reset"), "").await;
    assert_eq!(refused.problem(), (403, "account_inactive"));
}

#[tokio::test]
async fn a_mail_is_shown_without_its_words_and_sent_again() {
    let app = TestApp::new().await;
    let mails = app.admin("GET", "/mail", "").await;
    let newest = &mails.body["mails"][0];
    assert_eq!(newest["to"], ANNA);
    assert_eq!(newest["kind"], "welcome");
    assert_eq!(newest["state"], "waiting");
    assert_eq!(newest["attempts"], 0);
    assert_eq!(newest["queued_at"], "2026-09-02T12:00:00Z");
    assert_eq!(newest["due_at"], "2026-09-02T12:00:00Z");
    assert!(newest.get("ended_at").is_none() && newest.get("last_error").is_none());

    app.clock.advance(Duration::minutes(1));
    let path = format!("/mail/{}/resend", newest["id"].as_str().unwrap());
    assert_eq!(app.admin("POST", &path, "").await.status, 202);
    let mails = app.admin("GET", "/mail", "").await;
    assert_eq!(mails.body["mails"][0]["due_at"], "2026-09-02T12:01:00Z");
}

#[tokio::test]
async fn mails_follow_the_language_somebody_signed_up_in() {
    let app = TestApp::new().await;
    for (n, accepted, language) in [
        (1, vec!["de-AT,de;q=0.9,en;q=0.5"], Some(Language::German)),
        (2, vec!["fr"], None),
        (3, vec![], None),
        (4, vec!["ar"], Some(Language::Arabic)),
    ] {
        let headers: Vec<_> = accepted.iter().map(|value| ("Accept-Language", *value)).collect();
        let email = format!("user{n}@example.com");
        let body = format!(
            r#"{{"email":"{email}","username":"user{n}","password":"a good long password"}}"#
        );
        let answer = app.send("POST", "/api/v1/auth/signup", &headers, &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(app.user(&email).await.language, language, "{accepted:?}");
    }
}
