//! Reset links: opened any number of times, used once, also at the paths of earlier versions.

use super::{Browser, NEW_PASSWORD, PASSWORD};
use crate::database::{Database, count};
use crate::on_both_databases;
use crate::service::{Service, Setup};

on_both_databases! {
    opening_a_link_does_not_use_it;
    a_dead_link_says_so_on_every_address_and_nothing_else;
    the_addresses_of_earlier_installations_go_on_working;
    an_unusable_password_leaves_the_link_alone;
}

const EMAIL: &str = "anna@example.com";

async fn with_link(database: Database) -> (Service, String) {
    let service = Setup::on(database).start().await;
    assert_eq!(service.sign_up(EMAIL, PASSWORD).await.status, 201);
    let token = service.reset_link(EMAIL).await;
    (service, token)
}

fn choice<'a>(token: &'a str, password: &'a str, again: &'a str) -> [(&'a str, &'a str); 3] {
    [("token", token), ("password", password), ("password_confirm", again)]
}

async fn opening_a_link_does_not_use_it(database: Database) {
    let (service, token) = with_link(database).await;
    let db = service.database().await;
    for path in ["/reset-password?token=", "/password-reset?token=", "/reset_password/"] {
        for _ in 0..20 {
            let browser = Browser::of(&service);
            browser.get(&format!("{path}{token}")).await.says(200, EMAIL);
            let head = service.http.head(service.url(&format!("{path}{token}")));
            assert_eq!(head.send().await.unwrap().status(), 200);
        }
    }
    assert!(service.verify(&token).await);
    let untouched = "SELECT count(*) FROM password_resets WHERE used_at IS NULL";
    assert_eq!(count(&db, untouched).await, 1);
    // A scanner that submits the empty form does not use the link either.
    let browser = Browser::of(&service);
    browser.get(&format!("/reset-password?token={token}")).await;
    browser.submit("/password-reset", &[("token", &token)]).await.says(422, "new password");
    let used = browser.submit("/password-reset", &choice(&token, NEW_PASSWORD, NEW_PASSWORD)).await;
    used.leads_to("/password-reset/done");
}

async fn a_dead_link_says_so_on_every_address_and_nothing_else(database: Database) {
    let (service, superseded) = with_link(database).await;
    let spent = service.reset_link(EMAIL).await;
    let browser = Browser::of(&service);
    browser.get(&format!("/reset-password?token={spent}")).await;
    browser.submit("/password-reset", &choice(&spent, NEW_PASSWORD, NEW_PASSWORD)).await;
    let upper = service.reset_link(EMAIL).await.to_uppercase();
    let long = "a".repeat(10_000);
    let dead = [superseded.as_str(), &spent, &upper, "nonsense", "v4.public.", &long, "%00", "%ff"];
    let mut pages = Vec::new();
    for token in dead {
        for path in ["/reset-password?token=", "/password-reset?token="] {
            let page = Browser::of(&service).get(&format!("{path}{token}")).await;
            if page.status != 400 {
                page.says(410, "Invalid or expired reset token");
                assert!(page.html.contains("Request a New Link") && !page.html.contains(EMAIL));
                let token_of_the_form = page.hidden("form_token").unwrap();
                pages.push(page.html.replace(&token_of_the_form, ""));
            }
        }
        let browser = Browser::of(&service);
        let old = browser.get(&format!("/reset_password/{token}")).await;
        if old.status != 400 && old.status != 404 {
            old.leads_to("/login");
            browser.get("/login").await.says(200, "Invalid or expired reset token");
        }
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "invalid links get the same page");
    browser.get("/password-reset").await;
    let late = choice(&spent, "a third password", "a third password");
    let late = browser.submit("/password-reset", &late).await;
    late.says(410, "Invalid or expired reset token");
    browser.get("/password-reset?token=").await.says(200, "Send Reset Link");
}

async fn the_addresses_of_earlier_installations_go_on_working(database: Database) {
    let (service, token) = with_link(database).await;
    let browser = Browser::of(&service);
    browser.get("/reset_password_request").await.says(200, "Send Reset Link");
    let sent = browser.submit("/reset_password_request", &[("email", EMAIL)]).await;
    sent.leads_to("/reset_password_request?sent=1");
    browser.get("/reset_password_request?sent=1").await.says(200, "Check your e-mail");

    let path = format!("/reset_password/{token}");
    browser.get(&path).await.says(200, "<h1>Reset Password</h1>");
    let fields = [("password", PASSWORD), ("password_confirm", PASSWORD)];
    browser.submit(&path, &fields).await.says(422, "different from your current one");
    let fields = [("password", NEW_PASSWORD), ("password_confirm", NEW_PASSWORD)];
    browser.submit(&path, &fields).await.leads_to("/login");
    browser.get("/login").await.says(200, "Password changed");
    browser.submit(&path, &fields).await.leads_to("/login");
    browser.get("/login").await.says(200, "Invalid or expired reset token");

    browser.sign_in(EMAIL, NEW_PASSWORD).await.leads_to("/account");
    browser.get("/reset_password_request").await.leads_to("/");
    browser.get(&path).await.leads_to("/");
    for line in service.log.lines() {
        assert!(!line.contains(&token), "the token is in the log: {line}");
    }
}

async fn an_unusable_password_leaves_the_link_alone(database: Database) {
    let (service, token) = with_link(database).await;
    let browser = Browser::of(&service);
    browser.get(&format!("/reset-password?token={token}")).await;
    let long = "x".repeat(257);
    for (password, again, words) in [
        ("short", "short", "12 characters or more"),
        (NEW_PASSWORD, "something else", ">Passwords do not match<"),
        (NEW_PASSWORD, "", "Enter your new password again"),
        ("", "", "Enter a new password"),
        (long.as_str(), long.as_str(), "or fewer"),
        (PASSWORD, PASSWORD, "different from your current one"),
    ] {
        let page = browser.submit("/password-reset", &choice(&token, password, again)).await;
        page.says(422, words);
        assert!(!page.html.contains(NEW_PASSWORD));
    }
    assert!(service.verify(&token).await);
}
