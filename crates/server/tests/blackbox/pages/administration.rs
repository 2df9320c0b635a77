//! The administration pages for accounts and mails.

use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage};

use super::{Browser, PASSWORD};
use crate::database::{Database, count};
use crate::on_both_databases;
use crate::people::{PATIENCE, RESET, WELCOME, mail_to};
use crate::service::{Service, Setup, eventually};

on_both_databases! {
    only_administrators_get_in;
    accounts_are_found_and_changed;
    mails_are_listed_with_their_reason_and_sent_again;
    two_administrators_do_not_remove_each_other;
}

/// A browser in which an administrator is signed in.
pub(super) async fn administrator(service: &Service) -> Browser<'_> {
    assert_eq!(service.sign_up("root@example.com", PASSWORD).await.status, 201);
    service.run(&["admin", "promote", "root@example.com"]).await;
    let browser = Browser::of(service);
    browser.sign_in("root@example.com", PASSWORD).await.leads_to("/account");
    browser
}

async fn id_of(service: &Service, email: &str) -> String {
    let shown = service.run(&["user", "show", email, "--json"]).await;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    shown["id"].as_str().unwrap().to_owned()
}

async fn only_administrators_get_in(database: Database) {
    let service = Setup::on(database).start().await;
    service.sign_up("anna@example.com", PASSWORD).await;
    let id = id_of(&service, "anna@example.com").await;
    let (visitor, anna) = (Browser::of(&service), Browser::of(&service));
    anna.sign_in("anna@example.com", PASSWORD).await.leads_to("/account");
    for path in ["/admin/settings", "/admin/users", "/admin/mail"] {
        visitor.get(path).await.leads_to(&format!("/login?next={path}"));
        anna.get(path).await.says(403, "<h1");
    }
    anna.get("/account").await;
    for path in [
        "/admin/settings".to_owned(),
        format!("/admin/users/{id}/promote"),
        format!("/admin/users/{id}/deactivate"),
        format!("/admin/mail/{id}/resend"),
    ] {
        anna.submit(&path, &[]).await.says(403, "<h1");
    }
    let db = service.database().await;
    assert_eq!(count(&db, "SELECT count(*) FROM users WHERE is_admin").await, 0);
}

async fn accounts_are_found_and_changed(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let root = administrator(&service).await;
    for number in 0..30 {
        let (email, name) = (format!("user{number:02}@example.com"), format!("user{number:02}"));
        let body = serde_json::json!({ "email": email, "username": name, "password": PASSWORD });
        service.post("/api/v1/auth/signup", body).await;
    }
    let page = root.get("/admin/users").await;
    page.says(200, "user00@example.com");
    let next = page.html.split('"').find(|part| part.starts_with("/admin/users?cursor=")).unwrap();
    root.get(next).await.says(200, "user29@example.com");
    let found = root.get("/admin/users?query=USER07").await;
    found.says(200, "user07@example.com");
    assert!(!found.html.contains("user08@example.com"));
    let none = root.get("/admin/users?query=%25").await;
    assert!(!none.html.contains("user07@example.com"), "a wildcard is a character");
    let markup = root.get("/admin/users?query=%22%3E%3Cscript%3E").await;
    assert!(!markup.html.contains("\"><script>"));

    let email = "user07@example.com";
    let id = id_of(&service, email).await;
    let act = async |what: &str| {
        root.submit(&format!("/admin/users/{id}/{what}"), &[]).await.leads_to("/admin/users");
        root.get("/admin/users").await
    };
    let theirs = Browser::of(&service);
    theirs.sign_in(email, PASSWORD).await.leads_to("/account");
    act("end-sessions").await.says(200, email);
    theirs.get("/account").await.leads_to("/login?next=/account");
    theirs.sign_in(email, PASSWORD).await.leads_to("/account");
    act("deactivate").await.says(200, email);
    theirs.get("/account").await.leads_to("/login?next=/account");
    assert_eq!(theirs.sign_in(email, PASSWORD).await.status, 422);
    act("send-reset").await.says(200, "<h1");
    act("activate").await;
    act("send-reset").await;
    mail_to(&smtp, email, RESET).await.token().unwrap();
    act("promote").await;
    theirs.sign_in(email, PASSWORD).await.leads_to("/account");
    theirs.get("/admin/users").await.says(200, "root@example.com");
    act("demote").await;
    theirs.get("/admin/users").await.says(403, "<h1");

    // Administrators cannot remove their own rights or access.
    let own = id_of(&service, "root@example.com").await;
    for what in ["deactivate", "demote", "end-sessions"] {
        root.submit(&format!("/admin/users/{own}/{what}"), &[]).await.leads_to("/admin/users");
    }
    root.get("/admin/users").await.says(200, "root@example.com");
    root.submit(&format!("/admin/users/{id}/nonsense"), &[]).await.says(404, "<h1");
}

async fn mails_are_listed_with_their_reason_and_sent_again(database: Database) {
    let unwilling = Behaviour::accept().answering_at(Stage::Recipient, "550 5.1.1 no such mailbox");
    let smtp = SmtpSink::start(unwilling).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let root = administrator(&service).await;
    let db = service.database().await;
    let failed = "SELECT count(*) FROM outbox WHERE state = 'failed'";
    assert!(eventually(PATIENCE, async || count(&db, failed).await == 1).await);
    let page = root.get("/admin/mail").await;
    page.says(200, "no such mailbox");
    assert!(page.html.contains("root@example.com"));

    smtp.set(Behaviour::accept());
    let resend = page.html.split('"').find(|part| part.ends_with("/resend")).unwrap().to_owned();
    root.submit(&resend, &[]).await.leads_to("/admin/mail");
    mail_to(&smtp, "root@example.com", WELCOME).await;
    let sent = "SELECT count(*) FROM outbox WHERE state = 'sent'";
    assert!(eventually(PATIENCE, async || count(&db, sent).await == 1).await);
    let page = root.get("/admin/mail").await;
    assert!(!page.html.contains("no such mailbox"), "{}", page.html);
    let missing = "/admin/mail/00000000-0000-7000-8000-000000000000/resend";
    root.submit(missing, &[]).await.leads_to("/admin/mail");
    root.get("/admin/mail").await.says(200, "role=\"alert\"");
}

async fn two_administrators_do_not_remove_each_other(database: Database) {
    let service = Setup::on(database).start().await;
    let root = administrator(&service).await;
    let other = "other@example.com";
    service.sign_up(other, PASSWORD).await;
    let ids = [id_of(&service, "root@example.com").await, id_of(&service, other).await];
    let db = service.database().await;
    for (round, what) in ["demote", "deactivate"].into_iter().cycle().take(10).enumerate() {
        for email in ["root@example.com", other] {
            service.run(&["admin", "promote", email]).await;
            service.run(&["user", "activate", email]).await;
        }
        let browsers = [&root, &Browser::of(&service)];
        browsers[0].sign_in("root@example.com", PASSWORD).await;
        browsers[1].sign_in(other, PASSWORD).await;
        for browser in browsers {
            browser.get("/admin/users").await.says(200, other);
        }
        let paths = [1, 0].map(|whom: usize| format!("/admin/users/{}/{what}", ids[whom]));
        tokio::join!(browsers[0].submit(&paths[0], &[]), browsers[1].submit(&paths[1], &[]));
        let left = "SELECT count(*) FROM users WHERE is_admin AND is_active";
        assert_eq!(count(&db, left).await, 1, "round {round}: {what}");
    }
}
