//! Every way a relay can be wrong, as the button "Save and Send Test E-mail" tells it; and whatever
//! is wrong before the sign-in, no credentials leave.

use vestibule_testkit::smtp::{Behaviour, Certificate, SmtpSink, Stage};

use super::Browser;
use super::administration::administrator;
use crate::database::Database;
use crate::on_both_databases;
use crate::people::mail_to;
use crate::service::Setup;

on_both_databases! {
    a_wrong_relay_is_told_no_credentials_and_the_page_says_what_to_do;
    a_right_relay_hears_them_encrypted;
}

const USER: &str = "relay-user";
const WORD: &str = "relay-password";

async fn tried(root: &Browser<'_>, relay: &SmtpSink, security: &str) -> String {
    let port = relay.port().to_string();
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

async fn a_wrong_relay_is_told_no_credentials_and_the_page_says_what_to_do(database: Database) {
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
        (Behaviour::accept().with_login(USER, WORD), "starttls", "does not offer STARTTLS"),
        (starttls(), "tls", "This server expects STARTTLS"),
        (starttls().with_certificate(Certificate::OtherName), "starttls", "for another name"),
        (starttls().with_certificate(Certificate::Expired), "starttls", "has expired"),
        (starttls().with_certificate(Certificate::SelfSigned), "starttls", "certificate"),
        (tls().with_certificate(Certificate::OtherName), "tls", "for another name"),
        (tls().with_certificate(Certificate::SelfSigned), "tls", "certificate"),
        (starttls().stalling_at(Stage::Greeting), "starttls", "in time"),
        (starttls().with_mechanisms("CRAM-MD5"), "starttls", "neither PLAIN nor LOGIN"),
    ] {
        let relay = SmtpSink::start(behaviour).await;
        let html = tried(&root, &relay, security).await;
        assert!(html.contains(words), "{security}: {words:?} is not in {html}");
        assert!(html.contains("<title>Error: "), "{security}: {words}");
        for session in relay.sessions() {
            for said in [&session.clear, &session.encrypted] {
                let gave = said.windows(4).any(|window| window == b"AUTH");
                assert!(!gave, "{words}: credentials left");
            }
        }
        assert!(relay.messages().is_empty());
    }
}

async fn a_right_relay_hears_them_encrypted(database: Database) {
    let data = tempfile::TempDir::new().unwrap();
    let ca_file = data.path().join("ca.pem");
    std::fs::write(&ca_file, SmtpSink::ca_pem()).unwrap();
    let setup = Setup::on(database).with("VESTIBULE_MAIL__CA_FILE", ca_file.to_str().unwrap());
    let service = setup.start_in(data).await;
    let root = administrator(&service).await;
    root.get("/admin/settings").await;
    let relay = SmtpSink::start(Behaviour::accept().with_starttls().with_login(USER, WORD)).await;
    let html = tried(&root, &relay, "starttls").await;
    assert!(html.contains("250"), "{html}");
    mail_to(&relay, "root@example.com", "Test e-mail from Vestibule").await;
    for session in relay.sessions() {
        assert!(!session.clear.windows(4).any(|window| window == b"AUTH"));
    }
    let strict =
        SmtpSink::start(Behaviour::accept().with_starttls().with_login(USER, "other")).await;
    let html = tried(&root, &strict, "starttls").await;
    assert!(html.contains("many providers need an app password"), "{html}");
    assert!(html.contains("535"), "{html}");
    // The page of another language says it there.
    let fields = [("language", "de"), ("back", "/admin/settings")];
    root.submit("/preferences/language", &fields).await.leads_to("/admin/settings");
    let german = tried(&root, &strict, "starttls").await;
    assert!(german.contains("535") && !german.contains("many providers"), "{german}");
}
