//! Header and command injection: no input changes the recipient, the headers or the lines of a
//! mail.

use std::collections::BTreeSet;

use serde_json::json;
use vestibule_testkit::smtp::parse::letter;
use vestibule_testkit::smtp::{Behaviour, Received, SmtpSink};

use super::{PASSWORD, all_settled};
use crate::database::{Database, count};
use crate::evidence::Experiment;
use crate::on_both_databases;
use crate::service::Setup;
use crate::wire::Draft;

on_both_databases! {
    no_input_changes_the_form_of_a_mail;
}

/// Line breaks, control characters, encoded words, and addresses within addresses.
const NASTY: [&str; 26] = [
    "\r",
    "\n",
    "\r\n",
    "\r\nBcc: thief@elsewhere.example",
    "\r\n\r\nbody",
    "\r\n.\r\nMAIL FROM:<x@y>",
    "%0d%0aBcc: thief@elsewhere.example",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{760a}",
    "\u{760d}",
    "\0",
    "\u{1b}[31m",
    "=?utf-8?Q?=0D=0ABcc:_thief@elsewhere.example?=",
    "\u{202e}moc.elpmaxe",
    "\"a@b\"@c.example",
    "a(b)@c.example",
    "<a@b.example>",
    "a@b.example,c@d.example",
    "a@b.example>\r\nRCPT TO:<x@y.example",
    "a@b.example;c@d.example",
    "@a.example:b@c.example",
    "group: a@b.example, c@d.example;",
];

async fn no_input_changes_the_form_of_a_mail(database: Database) {
    let title = "No input changes the recipient, headers or lines of a mail";
    let mut experiment = Experiment::begin("E15", title, &database);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let db = service.database().await;
    // A mail without an attack, for comparison.
    assert_eq!(service.sign_up("control@example.com", PASSWORD).await.status, 201);
    service.forget("control@example.com").await;
    all_requests_issued(&db).await;
    let control: BTreeSet<Vec<String>> = smtp.messages().iter().map(names).collect();
    assert!(!control.is_empty());

    let long = "x".repeat(1200);
    let mut accepted = vec!["control@example.com".to_owned()];
    let nasty = NASTY.into_iter().chain([long.as_str()]);
    for (number, text) in nasty.enumerate() {
        let name = format!("anna{number}");
        for (field, email, username) in [
            (0, format!("{name}{text}@example.com"), format!("{name}a")),
            (1, format!("{name}@{text}example.com"), format!("{name}b")),
            (2, format!("{name}@example.com{text}"), format!("{name}c")),
            (3, format!("{text}{name}@example.com"), format!("{name}d")),
            (4, format!("user{number}@example.com"), format!("{name}{text}")),
        ] {
            let body = json!({ "email": email, "username": username, "password": PASSWORD });
            let draft = Draft::json("/api/v1/auth/signup", body.to_string());
            let raw = service.raw(&draft).await;
            assert!(matches!(raw.status, 201 | 400 | 413 | 422), "{field} {text:?}: {raw:?}");
            if raw.status == 201 {
                accepted.push(raw.json()["user"]["email"].as_str().unwrap_or(&email).to_owned());
            }
            experiment.tried(1);
        }
        // The mail with the link contains the IP address and user agent of the request.
        let asker = format!("asker{number}@example.com");
        assert_eq!(service.sign_up(&asker, PASSWORD).await.status, 201);
        let body = json!({ "email": asker }).to_string();
        let draft = Draft::json("/api/v1/auth/forgot-password", body);
        for header in ["User-Agent", "Accept-Language", "X-Forwarded-For", "X-Request-Id"] {
            // Some of this is invalid HTTP; then no link is requested.
            let mut wire = service.wire().await;
            wire.send(&draft.clone().header(header, text.as_bytes())).await;
            if let Some(raw) = wire.receive().await {
                assert!(raw.status < 500, "{header} {text:?}: {raw:?}");
            }
            experiment.tried(1);
        }
        accepted.push(asker);
    }
    all_requests_issued(&db).await;

    let (mut misdirected, mut misshapen) = (0, 0);
    for message in smtp.messages() {
        let goes_to = |email: &String| message.rcpt_to == [format!("<{}>", email.trim())];
        misdirected += usize::from(!accepted.iter().any(goes_to));
        let is_long = |line: &[u8]| line.len() > 998;
        let has_long_lines = message.data.split(|byte| *byte == b'\n').any(is_long);
        let is_strange = !control.contains(&names(&message));
        if has_long_lines || is_strange {
            eprintln!("{}", String::from_utf8_lossy(&message.data));
            misshapen += 1;
        }
    }
    let sessions = smtp.sessions();
    let violations: Vec<_> = sessions.iter().flat_map(|session| &session.violations).collect();
    experiment.measure("mails", smtp.messages().len());
    experiment.measure("addresses_accepted", accepted.len());
    experiment.exactly("mails_to_others", misdirected, 0);
    experiment.exactly("mails_of_another_form", misshapen, 0);
    experiment.exactly("violations_of_smtp", violations.len(), 0);
    experiment.conclude();
}

async fn all_requests_issued(db: &sea_orm::DatabaseConnection) {
    let left = async || count(db, "SELECT count(*) FROM reset_requests").await == 0;
    assert!(crate::service::eventually(crate::people::PATIENCE, left).await);
    all_settled(db).await;
}

/// The names of a mail's headers in their order.
fn names(message: &Received) -> Vec<String> {
    letter(&message.data).headers.into_iter().map(|(name, _)| name).collect()
}
