//! Errors of SMTP servers, as the button "Save and Send Test E-mail" reports them. No credentials
//! are sent if an error occurs before authentication.

use vestibule_testkit::smtp::{Behaviour, Certificate, SmtpSink, Stage};

use super::Browser;
use super::administration::administrator;
use crate::database::Database;
use crate::on_both_databases;
use crate::people::mail_to;
use crate::service::Setup;

on_both_databases! {
    a_wrong_smtp_server_is_told_no_credentials_and_the_page_says_what_to_do;
    credentials_are_sent_only_encrypted;
}

const USER: &str = "smtp-user";
const WORD: &str = "smtp-secret";

async fn tried(root: &Browser<'_>, smtp: &SmtpSink, security: &str) -> String {
    let port = smtp.port().to_string();
    let fields = [
        ("action", "test"),
        ("host", "localhost"),
        ("port", port.as_str()),
        ("security", security),
        ("smtp_username", USER),
        ("smtp_password", WORD),
        ("from_email", "accounts@example.com"),
        ("from_name", ""),
        ("test_to", "root@example.com"),
    ];
    root.submit("/admin/settings", &fields).await.leads_to("/admin/settings");
    let page = root.get("/admin/settings").await;
    assert_eq!(page.status, 200);
    assert!(!page.html.contains(WORD));
    page.html
}

async fn a_wrong_smtp_server_is_told_no_credentials_and_the_page_says_what_to_do(
    database: Database,
) {
    let data = tempfile::TempDir::new().unwrap();
    let ca_file = data.path().join("ca.pem");
    std::fs::write(&ca_file, SmtpSink::ca_pem()).unwrap();
    let setup = Setup::on(database).with("VESTIBULE_MAIL__CA_FILE", ca_file.to_str().unwrap());
    let service = setup.start_in(data).await;
    let root = administrator(&service).await;
    root.get("/admin/settings").await;

    let starttls = || Behaviour::accept().with_starttls().with_login(USER, WORD);
    let tls = || Behaviour::accept().with_tls().with_login(USER, WORD);
    for (behaviour, security, words) in [
        (Behaviour::accept().with_login(USER, WORD), "starttls", "does not support STARTTLS"),
        (starttls(), "tls", "This server expects STARTTLS"),
        (starttls().with_certificate(Certificate::OtherName), "starttls", "for another name"),
        (starttls().with_certificate(Certificate::Expired), "starttls", "has expired"),
        (starttls().with_certificate(Certificate::SelfSigned), "starttls", "certificate"),
        (tls().with_certificate(Certificate::OtherName), "tls", "for another name"),
        (tls().with_certificate(Certificate::SelfSigned), "tls", "certificate"),
        (starttls().stalling_at(Stage::Greeting), "starttls", "in time"),
        (starttls().with_mechanisms("CRAM-MD5"), "starttls", "neither PLAIN nor LOGIN"),
    ] {
        let smtp = SmtpSink::start(behaviour).await;
        let html = tried(&root, &smtp, security).await;
        assert!(html.contains(words), "{security}: {words:?} is not in {html}");
        assert!(html.contains("<title>Error: "), "{security}: {words}");
        for session in smtp.sessions() {
            for said in [&session.clear, &session.encrypted] {
                let gave = said.windows(4).any(|window| window == b"AUTH");
                assert!(!gave, "{words}: credentials left");
            }
        }
        assert!(smtp.messages().is_empty());
    }
}

async fn credentials_are_sent_only_encrypted(database: Database) {
    let data = tempfile::TempDir::new().unwrap();
    let ca_file = data.path().join("ca.pem");
    std::fs::write(&ca_file, SmtpSink::ca_pem()).unwrap();
    let setup = Setup::on(database).with("VESTIBULE_MAIL__CA_FILE", ca_file.to_str().unwrap());
    let service = setup.start_in(data).await;
    let root = administrator(&service).await;
    root.get("/admin/settings").await;
    let smtp = SmtpSink::start(Behaviour::accept().with_starttls().with_login(USER, WORD)).await;
    let html = tried(&root, &smtp, "starttls").await;
    assert!(html.contains("250"), "{html}");
    mail_to(&smtp, "root@example.com", "Test e-mail from Vestibule").await;
    for session in smtp.sessions() {
        assert!(!session.clear.windows(4).any(|window| window == b"AUTH"));
    }
    let strict =
        SmtpSink::start(Behaviour::accept().with_starttls().with_login(USER, "other")).await;
    let html = tried(&root, &strict, "starttls").await;
    assert!(html.contains("many providers require an app password"), "{html}");
    assert!(html.contains("535"), "{html}");
    // The error is translated on a page in another language.
    let fields = [("language", "de"), ("back", "/admin/settings")];
    root.submit("/preferences/language", &fields).await.leads_to("/admin/settings");
    let german = tried(&root, &strict, "starttls").await;
    assert!(german.contains("535") && !german.contains("many providers"), "{german}");
}
