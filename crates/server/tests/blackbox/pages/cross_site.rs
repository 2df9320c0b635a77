//! Cross-site request forgery, open redirects, and GET requests that would change something.

use super::{Browser, PASSWORD};
use crate::database::{Database, text};
use crate::on_both_databases;
use crate::service::{PUBLIC_URL, Setup};

on_both_databases! {
    a_form_of_another_site_changes_nothing;
    a_form_of_the_site_is_accepted;
    looking_changes_nothing;
    redirects_never_lead_to_another_site;
}

/// All pages that accept an unsafe method.
const UNSAFE: [&str; 13] = [
    "/login",
    "/logout",
    "/signup",
    "/setup",
    "/password-reset",
    "/reset_password_request",
    "/reset_password/token",
    "/account/password",
    "/account/sessions/revoke-others",
    "/admin/settings",
    "/admin/users/00000000-0000-7000-8000-000000000000/deactivate",
    "/preferences/theme",
    "/preferences/language",
];

async fn a_form_of_another_site_changes_nothing(database: Database) {
    let service = Setup::on(database).start().await;
    assert_eq!(service.sign_up("anna@example.com", PASSWORD).await.status, 201);
    let browser = Browser::of(&service);
    browser.sign_in("anna@example.com", PASSWORD).await.leads_to("/account");
    let evil = "https://evil.example";
    let foreign: [&[(&str, &str)]; 8] = [
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", evil)],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", PUBLIC_URL)],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.example.com")],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", evil)],
        &[("Origin", "null")],
        &[("Origin", "https://accounts.example.com.evil.example")],
        &[],
    ];
    for path in UNSAFE {
        for headers in foreign {
            let page = browser.post(path, &[("email", "x@example.com")], headers).await;
            page.says(403, "too long or was sent from another");
        }
    }
    browser.get("/account").await.says(200, "anna@example.com");
    let token = browser.get("/account").await.hidden("form_token").unwrap();
    let fields = [("form_token", token.as_str())];
    let forged = [("Sec-Fetch-Site", "cross-site"), ("Origin", evil)];
    assert_eq!(browser.post("/logout", &fields, &forged).await.status, 403);
    // A form token of another browser is invalid.
    let other = Browser::of(&service);
    let token = other.get("/login").await.hidden("form_token").unwrap();
    let page = browser.post("/logout", &[("form_token", &token)], &[]).await;
    assert_eq!(page.status, 403);
}

async fn a_form_of_the_site_is_accepted(database: Database) {
    let service = Setup::on(database).start().await;
    assert_eq!(service.sign_up("anna@example.com", PASSWORD).await.status, 201);
    let fields = [("email", "anna@example.com"), ("password", PASSWORD)];
    let own: [&[(&str, &str)]; 4] = [
        // As Chromium sends it from a page without a referrer.
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", PUBLIC_URL)],
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Origin", PUBLIC_URL)],
    ];
    for headers in own {
        let browser = Browser::of(&service);
        browser.get("/login").await;
        browser.post("/login", &fields, headers).await.leads_to("/account");
    }
    // Only the token: an old browser, or one behind a proxy that removes headers.
    let browser = Browser::of(&service);
    browser.sign_in("anna@example.com", PASSWORD).await.leads_to("/account");
    let page = browser.get("/login").await;
    page.leads_to("/account");
}

async fn looking_changes_nothing(database: Database) {
    let service = Setup::on(database).start().await;
    assert_eq!(service.sign_up("anna@example.com", PASSWORD).await.status, 201);
    let token = service.reset_link("anna@example.com").await;
    service.run(&["admin", "promote", "anna@example.com"]).await;
    let browser = Browser::of(&service);
    browser.sign_in("anna@example.com", PASSWORD).await.leads_to("/account");
    let db = service.database().await;
    let mut before = Vec::new();
    let questions = [
        "SELECT CAST(count(*) AS TEXT) || coalesce(max(CAST(used_at AS TEXT)), '') FROM password_resets",
        "SELECT CAST(count(*) AS TEXT) || max(CAST(last_seen_at AS TEXT)) FROM sessions",
        "SELECT CAST(count(*) AS TEXT) || max(CAST(credentials_version AS TEXT)) FROM users",
        "SELECT CAST(count(*) AS TEXT) FROM outbox",
        "SELECT CAST(count(*) AS TEXT) FROM reset_requests",
        "SELECT CAST(count(*) AS TEXT) FROM smtp_settings",
    ];
    for question in questions {
        before.push(text(&db, question).await);
    }
    for path in [
        "/",
        "/login",
        "/signup",
        "/logout",
        "/account",
        "/setup?token=x",
        "/password-reset",
        "/admin/settings",
        "/admin/users",
        "/admin/users?query=anna",
        "/admin/mail",
        "/password-reset/done",
        "/reset_password_request",
        "/.well-known/change-password",
        "/account/password",
        "/account/sessions/revoke-others",
        "/preferences/theme",
        "/account?lang=de",
        "/nonsense",
    ] {
        assert!(browser.get(path).await.status < 500, "{path}");
    }
    browser.get(&format!("/reset-password?token={token}")).await;
    for (question, before) in questions.iter().zip(before) {
        assert_eq!(text(&db, question).await, before, "{question}");
    }
    browser.get("/account").await.says(200, "anna@example.com");
}

async fn redirects_never_lead_to_another_site(database: Database) {
    let service = Setup::on(database).start().await;
    assert_eq!(service.sign_up("anna@example.com", PASSWORD).await.status, 201);
    for next in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "/account/..//evil.example",
        "javascript:alert(1)",
        "/account%0d%0aSet-Cookie:%20a=b",
    ] {
        let browser = Browser::of(&service);
        let page = browser.get(&format!("/login?next={next}")).await;
        assert!(!page.html.contains("evil.example"), "{next}");
        let fields = [("email", "anna@example.com"), ("password", PASSWORD), ("next", next)];
        browser.submit("/login", &fields).await.leads_to("/account");
        browser.get(&format!("/login?next={next}")).await.leads_to("/account");
        browser.get("/account").await;
        let fields = [("theme", "dark"), ("back", next)];
        browser.submit("/preferences/theme", &fields).await.leads_to("/");
    }
    let browser = Browser::of(&service);
    browser.get("/login?next=/admin/users").await;
    let fields = [("email", "anna@example.com"), ("password", PASSWORD), ("next", "/admin/users")];
    browser.submit("/login", &fields).await.leads_to("/admin/users");
    browser.get("/admin/users").await.says(403, "<h1");
}
