//! Tests of successful deliveries and of reused connections.

use std::time::Duration;

use vestibule_domain::model::mail::Content;
use vestibule_domain::model::smtp_settings::{SenderName, SmtpSecurity};
use vestibule_domain::ports::{MailError, Mailer, Receipt};
use vestibule_mail::Branding;
use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage, parse};

use crate::given;

#[tokio::test]
async fn a_mail_arrives_as_it_was_rendered() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let receipt = given::plain_mailer(&sink).send(&given::message(given::reset_link())).await;
    assert_eq!(receipt.unwrap(), Receipt { reply: "250 queued as 42".to_owned() });

    let [received] = sink.messages().try_into().unwrap();
    assert_eq!(received.mail_from, "<no-reply@acme.example>");
    assert_eq!(received.rcpt_to, ["<anna@example.com>"]);
    let letter = parse::letter(&received.data);
    let names: Vec<&str> = letter.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, given::HEADERS);
    for (name, value) in [
        ("From", "\"Acme\" <no-reply@acme.example>"),
        ("To", "<anna@example.com>"),
        ("Subject", "Reset your Acme password"),
        ("Date", "Fri, 20 Nov 2026 13:33:05 +0000"),
        ("Message-ID", "<019a9f2e-7c00-7000-8000-000000000001@acme.example>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", "en"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(letter.header(name), Some(value), "{name}");
    }
    assert_eq!(letter.token(), Some(given::TOKEN));
    assert!(letter.html.contains(letter.link().unwrap()));

    let [session] = sink.sessions().try_into().unwrap();
    assert_eq!(session.violations, Vec::<String>::new());
    let sent = String::from_utf8(session.clear).unwrap();
    assert!(sent.starts_with(
        "EHLO id.acme.example\r\nMAIL FROM:<no-reply@acme.example>\r\n\
         RCPT TO:<anna@example.com>\r\nDATA\r\nFrom: "
    ));
    assert!(sent.ends_with("--\r\n.\r\n"), "{sent}");
}

#[tokio::test]
async fn the_sender_name_defaults_to_the_product_name() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let mut smtp = given::smtp(&sink, SmtpSecurity::None);
    for (name, from) in [(None, "Acme"), (Some("Acme Accounts"), "Acme Accounts")] {
        smtp.from_name = name.map(|name| SenderName::parse(name).unwrap());
        given::mailer(&smtp).send(&given::message(Content::Welcome)).await.unwrap();
        let [received] = sink.take().try_into().unwrap();
        let letter = parse::letter(&received.data);
        let expected = format!("\"{from}\" <no-reply@acme.example>");
        assert_eq!(letter.header("From"), Some(expected.as_str()));
        assert_eq!(letter.subject, "Welcome to Acme");
    }
}

#[tokio::test]
async fn a_retry_sends_the_same_bytes() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let message = given::message(given::reset_link());
    given::plain_mailer(&sink).send(&message).await.unwrap();
    given::plain_mailer(&sink).send(&message).await.unwrap();
    let [first, second] = sink.messages().try_into().unwrap();
    assert_eq!(first.data, second.data);
}

#[tokio::test]
async fn dots_at_the_start_of_a_line_are_preserved() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    for length in 1..=64 {
        let product = ".".repeat(length);
        let branding = Branding::new(&product, "https://id.acme.example").unwrap();
        let smtp = given::smtp(&sink, SmtpSecurity::None);
        let mailer = given::try_mailer(&smtp, branding).unwrap();
        mailer.send(&given::message(Content::Welcome)).await.unwrap();
        let [received] = sink.take().try_into().unwrap();
        let letter = parse::letter(&received.data);
        assert_eq!(letter.subject, format!("Welcome to {product}"));
        assert!(letter.text.contains(&format!("Your {product} account")));
        assert!(letter.html.contains(&format!("Your <bdi>{product}</bdi> account")));
    }
    let doubled = |bytes: &[u8]| bytes.windows(4).any(|window| window == b"\r\n..");
    assert!(sink.sessions().iter().any(|session| doubled(&session.clear)), "no dot was doubled");
    assert!(sink.sessions().iter().all(|session| session.violations.is_empty()));
}

#[tokio::test]
async fn a_connection_is_reused_for_many_mails() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let mailer = given::plain_mailer(&sink);
    for _ in 0..50 {
        mailer.send(&given::message(Content::Test)).await.unwrap();
    }
    assert_eq!(sink.sessions().len(), 1);
    mailer.send(&given::message(Content::Test)).await.unwrap();
    assert_eq!(sink.sessions().len(), 2, "SMTP servers limit the mails per connection");
    assert_eq!(sink.messages().len(), 51);
    assert!(sink.sessions().iter().all(|session| session.violations.is_empty()));
}

#[tokio::test]
async fn concurrent_mails_are_separate() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let mailer = given::plain_mailer(&sink);
    let (first, second) =
        (given::message(Content::Test), given::message_to("ben@example.com", Content::Welcome));
    let (one, two) = tokio::join!(mailer.send(&first), mailer.send(&second));
    assert!(one.is_ok() && two.is_ok());
    let mut recipients: Vec<_> = sink.messages().into_iter().map(|mail| mail.rcpt_to).collect();
    recipients.sort();
    assert_eq!(recipients, [["<anna@example.com>"], ["<ben@example.com>"]]);
    assert!(sink.sessions().iter().all(|session| session.violations.is_empty()));
}

#[tokio::test]
async fn a_closed_connection_causes_no_lost_or_duplicate_mail() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let mailer = given::plain_mailer(&sink);
    let first = given::message(Content::Test);
    mailer.send(&first).await.unwrap();
    sink.restart().await;
    mailer.send(&given::another(&first)).await.unwrap();
    assert_eq!(sink.messages().len(), 2);
    assert_eq!(sink.sessions().len(), 2);
}

#[tokio::test]
async fn an_idle_connection_that_does_not_reply_is_replaced() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    for (behaviour, timeout) in [
        (Behaviour::accept().stalling_at(Stage::Reset), Duration::from_secs(2)),
        (Behaviour::accept().cutting_at(Stage::Reset), Duration::from_secs(10)),
        (Behaviour::accept().answering_at(Stage::Reset, "421 too idle"), Duration::from_secs(10)),
    ] {
        let mailer = given::plain_mailer(&sink).with_timeout(timeout);
        let before = sink.sessions().len();
        mailer.send(&given::message(Content::Test)).await.unwrap();
        sink.set(behaviour);
        mailer.send(&given::message(Content::Test)).await.unwrap();
        sink.set(Behaviour::accept());
        assert_eq!(sink.sessions().len(), before + 2);
        assert_eq!(sink.take().len(), 2);
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_a_while() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let mailer = given::plain_mailer(&sink);
    mailer.send(&given::message(Content::Test)).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    mailer.send(&given::message(Content::Test)).await.unwrap();
    assert_eq!(sink.sessions().len(), 2);
}

#[tokio::test]
async fn a_rejected_mail_keeps_the_connection() {
    let sink = SmtpSink::start(Behaviour::accept().refusing(|to| to.starts_with("ben"))).await;
    let mailer = given::plain_mailer(&sink);
    let outcome = mailer.send(&given::message_to("ben@example.com", Content::Test)).await;
    assert!(matches!(outcome, Err(MailError::Permanent(_))));
    mailer.send(&given::message(Content::Test)).await.unwrap();
    let [received] = sink.messages().try_into().unwrap();
    assert_eq!(received.rcpt_to, ["<anna@example.com>"]);
    assert_eq!(sink.sessions().len(), 1);
}

#[tokio::test]
async fn an_address_outside_ascii_requires_smtputf8() {
    let sink = SmtpSink::start(Behaviour::accept().with_utf8()).await;
    let message = given::message_to("zoë@bücher.example", Content::Welcome);
    given::plain_mailer(&sink).send(&message).await.unwrap();
    let [received] = sink.take().try_into().unwrap();
    assert_eq!(received.mail_from, "<no-reply@acme.example> SMTPUTF8");
    assert_eq!(received.rcpt_to, ["<zoë@xn--bcher-kva.example>"]);
    let letter = parse::letter(&received.data);
    assert_eq!(letter.header("To"), Some("<zoë@xn--bcher-kva.example>"));
    assert!(letter.text.contains("zoë@xn--bcher-kva.example"));

    sink.set(Behaviour::accept());
    let error = given::plain_mailer(&sink).send(&message).await.unwrap_err();
    assert!(matches!(error, MailError::Permanent(_)));
    assert!(given::describe(&error).contains("SMTPUTF8"));
    assert_eq!(sink.messages(), []);
    assert_eq!(sink.sessions()[1].clear, b"EHLO id.acme.example\r\n");
}
