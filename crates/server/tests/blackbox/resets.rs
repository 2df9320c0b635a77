//! Reset links: each works once, for one account, as long as it is the newest. All other tokens get
//! the same response.

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::{Database, count, execute};
use crate::on_both_databases;
use crate::people::{REQUESTED, RESET, mail_to, mails_so_far, reset_token};
use crate::service::{Service, Setup};

on_both_databases! {
    only_the_newest_link_works;
    an_invalid_link_is_refused_for_each_cause;
    nothing_but_the_genuine_token_is_accepted_and_nothing_harms_it;
    a_token_of_one_kind_is_worth_nothing_as_another;
    a_link_signed_with_another_key_is_refused_though_it_is_on_record;
    five_quick_requests_bring_one_mail;
    looking_at_a_link_does_not_use_it;
    a_reset_does_not_sign_the_user_in;
    no_header_changes_where_a_link_leads;
}

const FIRST: &str = "the first password";
const SECOND: &str = "the second password";

async fn only_the_newest_link_works(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let email = "anna@example.com";
    service.sign_up(email, FIRST).await;
    let mailed = reset_token(&service, &smtp, email).await;
    let by_hand = service.reset_link(email).await;
    assert_dead(&service, &mailed, "superseded by hand").await;
    assert!(service.verify(&by_hand).await);

    let db = service.database().await;
    let two_minutes = 2 * 60 * 1_000_000;
    let earlier = format!("UPDATE password_resets SET issued_at = issued_at - {two_minutes}");
    assert_eq!(execute(&db, &earlier).await, 2);
    let newest = reset_token(&service, &smtp, email).await;
    assert_dead(&service, &mailed, "superseded twice").await;
    assert_dead(&service, &by_hand, "superseded by mail").await;
    service.reset(&newest, SECOND).await.is(200, "Password reset successfully");
    assert_eq!(service.sign_in(email, SECOND).await.status, 200);
}

async fn an_invalid_link_is_refused_for_each_cause(database: Database) {
    let service = Setup::on(database).start().await;
    let db = service.database().await;
    for cause in [
        "used",
        "superseded",
        "expired",
        "changed",
        "deactivated",
        "reactivated",
        "deleted",
        "moved",
    ] {
        let email = format!("{cause}@example.com");
        let session = service.sign_up(&email, FIRST).await.token();
        let token = service.reset_link(&email).await;
        assert!(service.verify(&token).await, "{cause}: the link is invalid");
        let user = format!("(SELECT id FROM users WHERE email_key = '{email}')");
        match cause {
            "used" => service.reset(&token, SECOND).await.is(200, "Password reset successfully"),
            "superseded" => drop(service.reset_link(&email).await),
            "expired" => {
                let past = "SET issued_at = 1, expires_at = 2";
                let update = format!("UPDATE password_resets {past} WHERE user_id = {user}");
                assert_eq!(execute(&db, &update).await, 1);
            }
            "changed" => {
                let changed = service.change(&session, FIRST, SECOND).await;
                changed.is(200, "Password changed successfully");
            }
            "deactivated" => drop(service.run(&["user", "deactivate", &email]).await),
            "reactivated" => {
                service.run(&["user", "deactivate", &email]).await;
                service.run(&["user", "activate", &email]).await;
            }
            "deleted" => drop(service.run(&["user", "delete", "--yes", &email]).await),
            _ => {
                let new = "SET email = 'new@example.com', email_key = 'new@example.com'";
                assert_eq!(execute(&db, &format!("UPDATE users {new} WHERE id = {user}")).await, 1);
            }
        }
        assert_dead(&service, &token, cause).await;
    }
}

async fn nothing_but_the_genuine_token_is_accepted_and_nothing_harms_it(database: Database) {
    let service = Setup::on(database).start().await;
    service.sign_up("anna@example.com", FIRST).await;
    let token = service.reset_link("anna@example.com").await;

    let mut forgeries: Vec<String> =
        ["", " ", "garbage", "v4.public.", "v4.public..", "\0", "🔑"].map(str::to_owned).into();
    forgeries.extend((1..10).map(|tenths| token[..token.len() * tenths / 10].to_owned()));
    forgeries.extend([
        format!("{token}A"),
        format!("{token}="),
        format!("{token}.{token}"),
        token.rsplit_once('.').unwrap().0.to_owned(),
        token.replacen("public", "local", 1),
        token.replacen("v4", "v3", 1),
        token.to_uppercase(),
        token.replace('.', ".."),
        "A".repeat(4096),
        "A".repeat(10_000),
    ]);
    for at in (0..40).map(|part| part * (token.len() - 1) / 39) {
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        forgeries.push(format!("{}{other}{}", &token[..at], &token[at + 1..]));
    }
    for forgery in &forgeries {
        assert_dead(&service, forgery, forgery).await;
    }
    assert!(service.verify(&token).await, "a forgery has harmed the genuine link");
    service.reset(&token, SECOND).await.is(200, "Password reset successfully");
    assert_eq!(service.sign_in("anna@example.com", SECOND).await.status, 200);
}

async fn a_token_of_one_kind_is_worth_nothing_as_another(database: Database) {
    let service = Setup::on(database).start().await;
    let access = service.sign_up("anna@example.com", FIRST).await.token();
    let reset = service.reset_link("anna@example.com").await;
    assert_dead(&service, &access, "an access token").await;
    assert_eq!(service.me(&access).await.status, 200);

    assert_eq!(service.me(&reset).await.status, 401);
    assert_eq!(service.change(&reset, FIRST, SECOND).await.status, 401);
    service.reset(&reset, SECOND).await.is(200, "Password reset successfully");
}

async fn a_link_signed_with_another_key_is_refused_though_it_is_on_record(database: Database) {
    let service = Setup::on(database).start().await;
    service.sign_up("anna@example.com", FIRST).await;
    // The same database, so that only the signature is wrong.
    let elsewhere = tempfile::tempdir().unwrap();
    let url = match service.setup.database.url() {
        Some(url) => url.to_owned(),
        None => format!("sqlite://{}/vestibule.db", service.data.path().display()),
    };
    let setup = service.setup.clone().with("VESTIBULE_DATABASE__URL", &url);
    let other = setup.start_in(elsewhere).await;
    let forged = other.reset_link("anna@example.com").await;
    assert!(other.verify(&forged).await);
    assert_dead(&service, &forged, "another key").await;
    assert_eq!(service.sign_in("anna@example.com", FIRST).await.status, 200);

    let genuine = service.reset_link("anna@example.com").await;
    service.reset(&genuine, SECOND).await.is(200, "Password reset successfully");
}

async fn five_quick_requests_bring_one_mail(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    service.sign_up("anna@example.com", FIRST).await;
    service.sign_up("zoe@example.com", FIRST).await;
    for _ in 0..5 {
        service.forget("anna@example.com").await.is(200, REQUESTED);
    }
    // Links are issued in the order of their requests, so once hers arrives, all have been issued.
    service.forget("zoe@example.com").await.is(200, REQUESTED);
    mail_to(&smtp, "zoe@example.com", RESET).await;
    let token = mail_to(&smtp, "anna@example.com", RESET).await.token().unwrap().to_owned();
    let db = service.database().await;
    assert_eq!(count(&db, "SELECT count(*) FROM reset_requests").await, 0);
    assert_eq!(count(&db, "SELECT count(*) FROM outbox WHERE kind = 'reset_link'").await, 2);
    assert_eq!(mails_so_far(&smtp, "anna@example.com", RESET).len(), 1);
    service.reset(&token, SECOND).await.is(200, "Password reset successfully");
}

async fn looking_at_a_link_does_not_use_it(database: Database) {
    let service = Setup::on(database).start().await;
    service.sign_up("anna@example.com", FIRST).await;
    let token = service.reset_link("anna@example.com").await;
    for _ in 0..20 {
        assert!(service.verify(&token).await);
        for path in ["/password-reset/verify", "/reset-password"] {
            for method in [Method::HEAD, Method::GET, Method::OPTIONS] {
                let request = service.http.request(method, service.url(path));
                let response = request.query(&[("token", &token)]).send().await.unwrap();
                assert!(response.status().as_u16() < 500, "{path}: {response:?}");
            }
        }
    }
    service.reset(&token, SECOND).await.is(200, "Password reset successfully");
}

async fn a_reset_does_not_sign_the_user_in(database: Database) {
    let service = Setup::on(database).start().await;
    service.sign_up("anna@example.com", FIRST).await;
    let token = service.reset_link("anna@example.com").await;
    let body = json!({ "token": token, "new_password": SECOND });
    let request = service.http.post(service.url("/api/v1/auth/reset-password")).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().get("set-cookie"), None);
    let said: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(said, json!({ "message": "Password reset successfully" }));
    let db = service.database().await;
    assert_eq!(count(&db, "SELECT count(*) FROM sessions").await, 0);
}

/// Asserts that an invalid link gets the same response as a malformed token, on all routes.
async fn assert_dead(service: &Service, token: &str, why: &str) {
    assert!(!service.verify(token).await, "{why}: it verifies");
    for (path, field) in
        [("/api/v1/auth/reset-password", "new_password"), ("/password-reset/reset", "password")]
    {
        let refused = refusal(service, path, token, field).await;
        assert_eq!(refused, refusal(service, path, "nonsense", field).await, "{why}");
        assert_eq!(refused.0, 400);
        let problem: Value = serde_json::from_str(&refused.1).unwrap();
        assert_eq!(problem["code"], "invalid_token");
        assert_eq!(problem["detail"], "Invalid or expired token");
    }
}

/// Status and body of a failed reset, without the request ID.
async fn refusal(service: &Service, path: &str, token: &str, field: &str) -> (u16, String) {
    let request = service.http.post(service.url(path));
    let body = json!({ "token": token, field: "the password of a thief" });
    let response = request.json(&body).send().await.unwrap();
    let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
    let problem: Value = serde_json::from_str(&text).unwrap();
    let name = problem["request_id"].as_str().unwrap_or_else(|| panic!("{text}"));
    (status, text.replace(name, ""))
}

/// A link to another host would send its token there (CWE-640).
async fn no_header_changes_where_a_link_leads(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let own = "https://accounts.example.com/";
    let setup = Setup::on(database).with("VESTIBULE_SERVER__PUBLIC_URL", own.trim_end_matches('/'));
    // This must hold even if the client is a trusted proxy.
    let setup = setup.with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1/32");
    let service = setup.mailing_to(&smtp).start().await;
    let evil = "evil.example";
    for (number, (name, value)) in [
        ("Host", evil),
        ("X-Forwarded-Host", evil),
        ("X-Host", evil),
        ("X-Forwarded-Server", evil),
        ("Forwarded", "host=evil.example;proto=http"),
        ("X-Original-URL", "http://evil.example/"),
        ("X-Forwarded-Prefix", "//evil.example"),
        ("Origin", "https://evil.example"),
        ("Referer", "https://evil.example/"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("anna{number}@example.com");
        service.sign_up(&email, FIRST).await;
        let forgot = service.http.post(service.url("/api/v1/auth/forgot-password"));
        let asked = forgot.header(name, value).json(&json!({ "email": email })).send().await;
        assert_eq!(asked.unwrap().status(), 200, "{name}");
        let mail = mail_to(&smtp, &email, RESET).await;
        assert!(mail.token().is_some(), "{name}");
        for part in [&mail.text, &mail.html] {
            assert!(!part.contains(evil), "{name}: {part}");
            let mut links = part.split("://").skip(1);
            assert!(links.all(|rest| own.ends_with(&rest[..own.len() - 8])), "{name}: {part}");
        }
    }
}
