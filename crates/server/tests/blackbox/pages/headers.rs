//! The headers of all responses, and the error pages.

use super::{Browser, PASSWORD};
use crate::database::Database;
use crate::on_both_databases;
use crate::service::Setup;
use crate::wire::{Draft, Raw};

on_both_databases! {
    every_page_and_every_error_carries_the_headers;
    people_get_pages_and_programs_get_problems;
    files_are_kept_for_good_and_pages_not_at_all;
    well_known_addresses_answer;
}

const POLICY: [&str; 11] = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
];

#[track_caller]
fn is_guarded(raw: &Raw, about: &str) {
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ] {
        assert_eq!(raw.header(name), Some(value), "{about}: {raw:?}");
    }
    assert!(raw.header("x-request-id").is_some(), "{about}");
    let policy = raw.header("content-security-policy").expect(about);
    if raw.header("content-type") == Some("text/html; charset=utf-8") {
        let directives: Vec<&str> = policy.split("; ").collect();
        assert_eq!(directives, POLICY, "{about}");
        assert_eq!(raw.header("vary"), Some("Cookie, Accept-Language"), "{about}");
        assert!(raw.header("content-language").is_some(), "{about}");
    }
}

fn form(path: &str, body: &str) -> Draft {
    Draft::new("POST", path)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Sec-Fetch-Site", "same-origin")
        .body(body)
}

async fn every_page_and_every_error_carries_the_headers(database: Database) {
    let service = Setup::on(database).start().await;
    for (path, status) in [
        ("/login", 200),
        ("/signup", 200),
        ("/password-reset", 200),
        ("/reset-password?token=x", 410),
        ("/setup?token=x", 410),
        ("/account", 303),
        ("/", 303),
        ("/nonsense", 404),
        ("/account/x.css", 404),
        ("/account;.js", 404),
        ("/account%2f.png", 404),
        ("/assets/nonsense.css", 404),
        ("/account/password", 405),
        ("/%ff", 404),
    ] {
        let raw = service.raw(&Draft::new("GET", path)).await;
        assert_eq!(raw.status, status, "{path}: {raw:?}");
        is_guarded(&raw, path);
    }
    for (draft, status) in [
        (form("/login", "email=unknown"), 400),
        (form("/login", "email=unknown&password="), 422),
        (form("/login", &"x".repeat(17_000)), 413),
        (Draft::new("POST", "/login").body("email=a"), 403),
        (form("/nonsense", ""), 404),
        (Draft::new("DELETE", "/login").header("Sec-Fetch-Site", "same-origin"), 405),
        (Draft::json("/login", "{}").header("Sec-Fetch-Site", "same-origin"), 415),
    ] {
        let raw = service.raw(&draft).await;
        let about = format!("{status}: {}", String::from_utf8_lossy(&draft.bytes()[..40]));
        assert_eq!(raw.status, status, "{about}: {raw:?}");
        is_guarded(&raw, &about);
        assert!(raw.text().contains("<!doctype html>"), "{about}: {raw:?}");
    }
    for (path, robots) in [("/login", None), ("/reset-password?token=x", Some("noindex"))] {
        let raw = service.raw(&Draft::new("GET", path)).await;
        assert_eq!(raw.header("x-robots-tag"), robots, "{path}");
    }
}

async fn people_get_pages_and_programs_get_problems(database: Database) {
    let service = Setup::on(database).start().await;
    let page = service.raw(&Draft::new("GET", "/nonsense")).await;
    let name = page.header("x-request-id").unwrap();
    assert!(page.text().contains(name), "the page names the request");
    for path in ["/api/v1/nonsense", "/health/nonsense", "/docs/nonsense"] {
        let raw = service.raw(&Draft::new("GET", path)).await;
        assert_eq!((raw.status, raw.problem().as_str()), (404, "not_found"), "{path}");
    }
    for (method, path, allowed) in [
        ("GET", "/account/password", "POST"),
        ("DELETE", "/login", "GET, HEAD, POST"),
        ("PUT", "/account", "GET, HEAD"),
        ("PUT", "/reset_password/x", "GET, HEAD, POST"),
    ] {
        let draft = Draft::new(method, path).header("Sec-Fetch-Site", "same-origin");
        let raw = service.raw(&draft).await;
        assert_eq!((raw.status, raw.header("allow")), (405, Some(allowed)), "{method} {path}");
    }
    // A request ID from the client is not used.
    let draft = Draft::new("GET", "/nonsense").header("X-Request-Id", "<b>forged</b>");
    let raw = service.raw(&draft).await;
    assert!(!raw.text().contains("forged"), "{raw:?}");
}

async fn files_are_kept_for_good_and_pages_not_at_all(database: Database) {
    let service = Setup::on(database).start().await;
    let browser = Browser::of(&service);
    let page = browser.get("/login").await;
    let mut assets: Vec<&str> =
        page.html.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assets.sort_unstable();
    assets.dedup();
    assert_eq!(assets.len(), 3, "{assets:?}");
    for asset in assets {
        let raw = service.raw(&Draft::new("GET", asset)).await;
        assert_eq!(raw.status, 200);
        let kept = raw.header("cache-control");
        assert_eq!(kept, Some("public, max-age=31536000, immutable"), "{asset}");
        assert_eq!(raw.header("x-content-type-options"), Some("nosniff"));
        assert!(raw.header("set-cookie").is_none());
    }
    for part in page.html.split(['"', '\'', ' ']) {
        let elsewhere = part.starts_with("http://") || part.starts_with("https://");
        assert!(!elsewhere || part.contains("w3.org"), "loads {part}");
    }
    service.sign_up("anna@example.com", PASSWORD).await;
    browser.sign_in("anna@example.com", PASSWORD).await.leads_to("/account");
    let account = browser.get("/account").await;
    assert_eq!(account.headers["cache-control"], "no-store");
    assert_eq!(account.headers["x-robots-tag"], "noindex");
    let gone = browser.submit("/logout", &[]).await;
    assert_eq!(gone.headers["clear-site-data"], "\"cache\", \"storage\"");
}

async fn well_known_addresses_answer(database: Database) {
    let contact = "mailto:security@example.com";
    let setup = Setup::on(database).with("VESTIBULE_SERVER__SECURITY_CONTACT", contact);
    let service = setup.start().await;
    let change = service.raw(&Draft::new("GET", "/.well-known/change-password")).await;
    assert_eq!((change.status, change.header("location")), (302, Some("/account#change-password")));
    let nonsense =
        "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    assert_eq!(service.raw(&Draft::new("GET", nonsense)).await.status, 404);
    let statement = service.raw(&Draft::new("GET", "/.well-known/security.txt")).await;
    assert_eq!(statement.header("content-type"), Some("text/plain; charset=utf-8"));
    let text = statement.text();
    assert!(text.contains("Contact: mailto:security@example.com\n"), "{text}");
    assert!(text.contains("Expires: 2"), "{text}");
    assert!(text.contains("Canonical: https://accounts.example.com/.well-known/security.txt\n"));
}
