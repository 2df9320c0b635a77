//! The page "SMTP": settings are saved, tested and changed at run time; the password stays secret.

use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use super::administration::administrator;
use super::{Browser, PASSWORD};
use crate::database::{Database, count, execute, text};
use crate::on_both_databases;
use crate::people::{WELCOME, mail_to, mails_so_far};
use crate::service::Setup;

on_both_databases! {
    an_smtp_server_is_described_tried_and_used_at_once;
    an_smtp_server_says_what_is_wrong_and_the_page_says_what_to_do;
    the_smtp_server_s_password_is_kept_sealed_and_goes_nowhere_else;
    an_old_sign_in_is_proved_again_before_anything_changes;
    what_the_configuration_sets_is_shown_and_stays;
    the_api_has_the_same_rules;
}

const SMTP_PASSWORD: &str = "an SMTP server's own password";

const NOT_SET_UP: &str = "No SMTP server is configured";

/// The fields of the form for an SMTP server at that port.
fn fields<'a>(port: &'a str, password: &'a str, action: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("action", action),
        ("host", "127.0.0.1"),
        ("port", port),
        ("security", "none"),
        ("smtp_username", if password.is_empty() { "" } else { "mailer" }),
        ("smtp_password", password),
        ("from_email", "accounts@example.com"),
        ("from_name", "Accounts"),
        ("test_to", "root@example.com"),
    ]
}

async fn an_smtp_server_is_described_tried_and_used_at_once(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let mut service = Setup::on(database).start().await;
    let root = administrator(&service).await;
    for path in ["/admin/users", "/admin/mail"] {
        root.get(path).await.says(200, NOT_SET_UP);
    }
    root.get("/admin/settings").await.says(200, "Not configured");
    // Without an SMTP server the request still succeeds, and the mails wait.
    let anna = Browser::of(&service);
    anna.get("/password-reset").await;
    let sent = anna.submit("/password-reset", &[("email", "root@example.com")]).await;
    sent.leads_to("/password-reset?sent=1");

    root.get("/admin/settings").await.says(200, "<h1>SMTP</h1>");
    let port = smtp.port().to_string();
    let saved = root.submit("/admin/settings", &fields(&port, "", "test")).await;
    saved.leads_to("/admin/settings");
    let page = root.get("/admin/settings").await;
    page.says(200, "root@example.com");
    page.says(200, "250");
    assert!(!root.get("/admin/users").await.html.contains(NOT_SET_UP));
    mail_to(&smtp, "root@example.com", "Test e-mail from Vestibule").await;
    // Queued mails are sent now, and later ones after a restart.
    mail_to(&smtp, "root@example.com", WELCOME).await;
    service.terminate().await;
    service.restart().await;
    service.sign_up("ben@example.com", PASSWORD).await;
    mail_to(&smtp, "ben@example.com", WELCOME).await;
    let sender = &smtp.messages()[0].mail_from;
    assert!(sender.contains("accounts@example.com"), "{sender}");

    // Another SMTP server is used without a restart.
    let other = SmtpSink::start(Behaviour::accept()).await;
    let root = Browser::of(&service);
    root.sign_in("root@example.com", PASSWORD).await.leads_to("/account");
    root.get("/admin/settings").await;
    let port = other.port().to_string();
    root.submit("/admin/settings", &fields(&port, "", "save")).await.leads_to("/admin/settings");
    service.sign_up("zoe@example.com", PASSWORD).await;
    mail_to(&other, "zoe@example.com", WELCOME).await;
    assert!(mails_so_far(&smtp, "zoe@example.com", WELCOME).is_empty());
}

async fn an_smtp_server_says_what_is_wrong_and_the_page_says_what_to_do(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).start().await;
    let root = administrator(&service).await;
    root.get("/admin/settings").await;
    let port = smtp.port().to_string();
    for (behaviour, words) in [
        (
            Behaviour::accept().answering_at(Stage::Recipient, "550 5.7.1 not from there"),
            "not from there",
        ),
        (Behaviour::accept().answering_at(Stage::Mail, "530 5.7.0 sign in first"), "sign in first"),
        (Behaviour::accept().answering_at(Stage::Recipient, "451 4.7.1 later"), "later"),
    ] {
        smtp.set(behaviour);
        let saved = root.submit("/admin/settings", &fields(&port, "", "test")).await;
        saved.leads_to("/admin/settings");
        let page = root.get("/admin/settings").await;
        page.says(200, words);
        assert!(page.html.contains("<title>Error: "), "{words}");
    }
    smtp.stop().await;
    root.submit("/admin/settings", &fields(&port, "", "test")).await.leads_to("/admin/settings");
    root.get("/admin/settings").await.says(200, &format!("127.0.0.1:{port}"));
    // A failed test does not undo what was saved.
    let db = service.database().await;
    assert_eq!(
        count(&db, "SELECT count(*) FROM smtp_settings WHERE test_succeeded = FALSE").await,
        1
    );

    for (field, value, words) in [
        ("host", "", "Enter the SMTP host"),
        ("host", "smtp://x", "SMTP host"),
        ("port", "0", "1 to 65535"),
        ("port", "x", "1 to 65535"),
        ("from_email", "", "Enter the from e-mail address"),
        ("from_name", "a\r\nBcc: x@example.com", "name"),
        ("test_to", "", "Enter the e-mail address for the test"),
        ("security", "ssl", "There is a problem"),
    ] {
        let mut fields = fields(&port, "", "test");
        fields.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        root.submit("/admin/settings", &fields).await.says(422, words);
    }
}

async fn the_smtp_server_s_password_is_kept_sealed_and_goes_nowhere_else(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let thief = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).start().await;
    let root = administrator(&service).await;
    root.get("/admin/settings").await;
    let port = smtp.port().to_string();
    let saved = root.submit("/admin/settings", &fields(&port, SMTP_PASSWORD, "save")).await;
    saved.leads_to("/admin/settings");
    let page = root.get("/admin/settings").await;
    page.says(200, "mailer");
    assert!(!page.html.contains(SMTP_PASSWORD));
    let db = service.database().await;
    let sealed = text(&db, "SELECT sealed_password FROM smtp_settings").await;
    assert!(sealed.starts_with("v4.local.") && !sealed.contains(SMTP_PASSWORD));

    // An empty field keeps the password, as long as the server is the same.
    let mut kept = fields(&port, "", "save");
    kept.iter_mut().find(|(name, _)| *name == "smtp_username").unwrap().1 = "mailer";
    root.submit("/admin/settings", &kept).await.leads_to("/admin/settings");
    let elsewhere = thief.port().to_string();
    for (field, value) in [
        ("port", elsewhere.as_str()),
        ("host", "localhost"),
        ("smtp_username", "other"),
        ("security", "tls"),
    ] {
        let mut changed = kept.clone();
        changed.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        root.submit("/admin/settings", &changed).await.says(422, "Enter the password again");
    }
    // Never unencrypted to another machine.
    let mut clear = fields(&port, SMTP_PASSWORD, "save");
    clear.iter_mut().find(|(name, _)| *name == "host").unwrap().1 = "smtp.example.com";
    root.submit("/admin/settings", &clear).await.says(422, "There is a problem");
    assert_eq!(text(&db, "SELECT host FROM smtp_settings").await, "127.0.0.1");

    // Removed with the checkbox.
    let mut removed = kept.clone();
    removed.push(("remove_password", "on"));
    root.submit("/admin/settings", &removed).await.leads_to("/admin/settings");
    let none =
        "SELECT count(*) FROM smtp_settings WHERE sealed_password IS NULL AND username IS NULL";
    assert_eq!(count(&db, none).await, 1);
    for line in service.log.lines() {
        assert!(!line.contains(SMTP_PASSWORD), "{line}");
    }
}

async fn an_old_sign_in_is_proved_again_before_anything_changes(database: Database) {
    let service = Setup::on(database).start().await;
    let root = administrator(&service).await;
    let db = service.database().await;
    execute(&db, "UPDATE sessions SET authenticated_at = authenticated_at - 300000000").await;
    root.get("/admin/settings").await.says(200, "Your account password");
    let typed = fields("2525", "", "save");
    root.submit("/admin/settings", &typed).await.says(422, "your account password");
    let with = |password| {
        let mut typed = typed.clone();
        typed.push(("your_password", password));
        typed
    };
    root.submit("/admin/settings", &with("not this one")).await.says(422, "There is a problem");
    assert_eq!(count(&db, "SELECT count(*) FROM smtp_settings").await, 0);
    let before = root.cookie("session").unwrap();
    root.submit("/admin/settings", &with(PASSWORD)).await.leads_to("/admin/settings");
    assert_eq!(count(&db, "SELECT count(*) FROM smtp_settings").await, 1);
    let page = root.get("/admin/settings").await;
    assert!(page.status == 200 && !page.html.contains("Your account password"));
    // Reauthentication issued a new session cookie; the previous one is invalid.
    assert_ne!(root.cookie("session").unwrap(), before);
    let thief = Browser::of(&service);
    thief.keep("session", &before);
    thief.get("/account").await.leads_to("/login?next=/account");
}

async fn what_the_configuration_sets_is_shown_and_stays(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let root = administrator(&service).await;
    let page = root.get("/admin/settings").await;
    page.says(200, "VESTIBULE_MAIL__HOST");
    page.says(200, "readonly");
    root.submit("/admin/settings", &fields("1", "", "save")).await;
    let db = service.database().await;
    assert_eq!(count(&db, "SELECT count(*) FROM smtp_settings").await, 0);
    let test = [("action", "test"), ("test_to", "root@example.com")];
    root.submit("/admin/settings", &test).await.leads_to("/admin/settings");
    root.get("/admin/settings").await.says(200, "250");
    mail_to(&smtp, "root@example.com", "Test e-mail from Vestibule").await;
}

async fn the_api_has_the_same_rules(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).reading_every_session().start().await;
    administrator(&service).await;
    let token = service.sign_in("root@example.com", PASSWORD).await.token();
    let path = "/api/v1/admin/settings/smtp";
    let put = async |body: serde_json::Value| {
        let request = service.http.put(service.url(path)).bearer_auth(&token).json(&body);
        crate::people::Answer::of(request.send().await.unwrap()).await
    };
    let mut described = serde_json::json!({
        "host": "127.0.0.1", "port": smtp.port(), "security": "none",
        "username": "mailer", "password": SMTP_PASSWORD,
        "from_address": "accounts@example.com", "from_name": null,
    });
    let saved = put(described.clone()).await;
    assert_eq!(saved.status, 200, "{saved:?}");
    assert_eq!(saved.body["password_set"], true);
    assert!(!saved.body.to_string().contains(SMTP_PASSWORD));
    described.as_object_mut().unwrap().remove("password");
    described["port"] = 2525.into();
    let refused = put(described.clone()).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &"password".into()));

    let db = service.database().await;
    execute(&db, "UPDATE sessions SET authenticated_at = authenticated_at - 300000000").await;
    let old = put(described).await;
    assert_eq!((old.status, &old.body["code"]), (403, &"reauthentication_required".into()));
}
