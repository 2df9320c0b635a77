//! Settings of the operator for the pages: sign-up, rate limits, the redirect after a reset, and
//! custom files.

use std::path::Path;
use std::time::Duration;

use super::{Browser, NEW_PASSWORD, PASSWORD};
use crate::database::Database;
use crate::on_both_databases;
use crate::service::Setup;

on_both_databases! {
    pages_and_api_share_rate_limits;
    closed_sign_up_is_refused;
    the_redirect_after_a_reset_is_configurable;
    custom_files_replace_the_defaults;
}

async fn pages_and_api_share_rate_limits(database: Database) {
    let setup = Setup::on(database).with("VESTIBULE_LIMITS__ENABLED", "true");
    let service = setup.start().await;
    assert_eq!(service.sign_up("anna@example.com", PASSWORD).await.status, 201);
    let browser = Browser::of(&service);
    browser.get("/password-reset").await;
    for number in 0..4 {
        let email = format!("anna{number}@example.com");
        let sent = browser.submit("/password-reset", &[("email", &email)]).await;
        sent.leads_to("/password-reset?sent=1");
    }
    service.forget("anna@example.com").await.is(200, crate::people::REQUESTED);
    for email in ["anna@example.com", "unknown@example.com"] {
        let page = browser.submit("/password-reset", &[("email", email)]).await;
        page.says(429, "Too many attempts");
        assert!(page.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 60);
        assert!(page.html.contains(email), "what was typed is kept");
    }
    let token = service.reset_link("anna@example.com").await;
    let path = format!("/reset_password/{token}");
    browser.get(&path).await.says(200, "anna@example.com");
    let fields = [("password", PASSWORD), ("password_confirm", PASSWORD)];
    for _ in 0..3 {
        browser.submit(&path, &fields).await.says(422, "different from your current one");
    }
    let page = browser.submit(&path, &fields).await;
    page.says(429, "Too many attempts");
    assert!(page.headers.contains_key("retry-after"));
    assert!(service.verify(&token).await);
}

async fn closed_sign_up_is_refused(database: Database) {
    let service = Setup::on(database).with("VESTIBULE_SIGNUP__MODE", "closed").start().await;
    let browser = Browser::of(&service);
    browser.get("/signup").await.says(403, "<h1");
    let login = browser.get("/login").await;
    assert!(!login.html.contains("/signup"), "{}", login.html);
    let fields = [("email", "a@example.com"), ("username", "anna"), ("password", PASSWORD)];
    browser.submit("/signup", &fields).await.says(403, "<h1");
}

async fn the_redirect_after_a_reset_is_configurable(database: Database) {
    for (choice, expected, moves_on) in [
        ("0s", "/login", false),
        ("off", "/password-reset/done", false),
        ("5s", "/password-reset/done", true),
    ] {
        let setup = Setup::on(database.clone()).with("VESTIBULE_UI__RESET_REDIRECT", choice);
        let service = setup.start().await;
        let name = choice.trim_matches(|c: char| !c.is_alphanumeric());
        let email = format!("anna{name}@example.com");
        assert_eq!(service.sign_up(&email, PASSWORD).await.status, 201);
        let token = service.reset_link(&email).await;
        let browser = Browser::of(&service);
        browser.get(&format!("/reset-password?token={token}")).await;
        let chosen = [
            ("token", token.as_str()),
            ("password", NEW_PASSWORD),
            ("password_confirm", NEW_PASSWORD),
        ];
        browser.submit("/password-reset", &chosen).await.leads_to(expected);
        let page = browser.get(expected).await;
        page.says(200, "Password changed");
        assert_eq!(page.html.contains("data-redirect"), moves_on, "{choice}");
    }
}

async fn custom_files_replace_the_defaults(database: Database) {
    let own = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = own.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("locales/en/ours.ftl", "auth =\n    .signInTitle = Come in, come in\n");
    write("assets/app.css", "body { background: rebeccapurple }");
    let setup = |database: &Database| {
        let folder = own.path().to_str().unwrap();
        Setup::on(database.clone()).with("VESTIBULE_UI__DIRECTORY", folder)
    };
    let service = setup(&database).start().await;
    let page = Browser::of(&service).get("/login").await;
    page.says(200, "Come in, come in");
    let css =
        page.html.split('"').find(|part| part.starts_with("/assets/app.")).unwrap().to_owned();
    assert!(Browser::of(&service).get(&css).await.html.contains("rebeccapurple"));

    for (name, text, words) in [
        ("locales/en/ours.ftl", "auth =\n    .signInTitel = typo\n", "signInTitel"),
        ("templates/pages/login.html", "{% if %}", "login.html"),
        ("templates/pages/logon.html", "<p>", "logon.html"),
        ("assets/notes.docx", "", "notes.docx"),
        ("mails/welcome.txt", "{{ nonsense }}", "welcome.txt"),
    ] {
        write(name, text);
        let data = tempfile::TempDir::new().unwrap();
        let command = setup(&database).command(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
        refused(command, words).await;
        std::fs::remove_file(own.path().join(name)).unwrap();
    }
    assert!(Path::new(own.path()).is_dir());
}

async fn refused(mut command: tokio::process::Command, words: &str) {
    let ended = tokio::time::timeout(Duration::from_secs(30), command.output());
    let output = ended.await.unwrap_or_else(|_| panic!("{words}: it serves")).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(words), "{words:?} is not in {said}");
}
