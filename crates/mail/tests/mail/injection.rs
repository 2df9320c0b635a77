//! Tests of hostile texts in every field that is part of a mail.
//!
//! A text is either rejected before the mail is rendered, or the mail has one sender, one recipient
//! and the same headers as any other mail.

use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::model::smtp_settings::{SenderName, SmtpSecurity, SmtpSettings};
use vestibule_domain::ports::Mailer;
use vestibule_mail::{Branding, SmtpMailer};
use vestibule_testkit::smtp::{Behaviour, SmtpSink, parse};

use crate::given;

fn corpus() -> Vec<String> {
    let mut corpus: Vec<String> = [
        "\r",
        "\n",
        "\r\n",
        "%0d%0a",
        "\u{b}",
        "\u{85}",
        "\u{2028}",
        "\u{760d}",
        "\u{760a}",
        "\0",
        "\u{1b}[2J",
        "\u{202e}gnp.exe",
        "=?utf-8?Q?=0D=0ABcc:_eve@evil.example?=",
        "\r\nBcc: eve@evil.example",
        "\nBcc: eve@evil.example\n\nhello",
        "\"a@b\"@example.com",
        "a(b)@example.com",
        "<a@example.com>",
        "a@example.com,c@evil.example",
        "a@example.com>\r\nRCPT TO:<eve@evil.example",
        "\r\n.\r\nMAIL FROM:<eve@evil.example>",
        "\" <eve@evil.example>, \"",
        "<script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "https://evil.example/",
        "--=_019a9f2e-7c00-7000-8000-000000000001--",
        ".",
        "\\\"",
        "&amp;",
    ]
    .map(str::to_owned)
    .to_vec();
    corpus.push("x".repeat(1200));
    corpus.push("ä".repeat(60));
    corpus
}

/// Returns a hostile text alone, at the end and in the middle of a name.
fn variants(text: &str) -> [String; 3] {
    [text.to_owned(), format!("Acme{text}"), format!("Ac{text}me")]
}

/// Sends a mail and checks its envelope, commands and headers.
async fn send_and_check(sink: &SmtpSink, mailer: &SmtpMailer, message: &Message) -> parse::Letter {
    let before = sink.sessions().len();
    mailer.send(message).await.unwrap();
    let [received] = sink.take().try_into().unwrap();
    assert_eq!(received.mail_from.split(' ').next(), Some("<no-reply@acme.example>"));
    assert_eq!(received.rcpt_to, [format!("<{}>", message.to.as_str())]);
    let sessions = sink.sessions();
    assert_eq!(sessions.len(), before + 1);
    let session = &sessions[before];
    assert_eq!(session.violations, Vec::<String>::new());
    let sent = String::from_utf8_lossy(&session.clear);
    for command in ["EHLO ", "MAIL FROM:", "RCPT TO:", "DATA"] {
        let count = sent.split("\r\n").filter(|line| line.starts_with(command)).count();
        assert_eq!(count, 1, "{command}");
    }
    let letter = parse::letter(&received.data);
    let names: Vec<&str> = letter.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, given::HEADERS);
    assert!(!letter.html.contains("<script") && !letter.html.contains("<form"));
    letter
}

#[tokio::test]
async fn a_hostile_product_name_is_rejected_or_only_a_name() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let mut sent = 0;
    for name in corpus().iter().flat_map(|text| variants(text)) {
        let Ok(branding) = Branding::new(&name, "https://id.acme.example") else {
            continue;
        };
        let smtp = given::smtp(&sink, SmtpSecurity::None);
        let mailer = given::try_mailer(&smtp, branding).unwrap();
        let letter = send_and_check(&sink, &mailer, &given::message(given::reset_link())).await;
        assert_eq!(letter.subject, format!("Reset your {name} password"));
        assert!(letter.text.contains(&format!("the {name} account")), "{name:?}");
        assert_eq!(letter.token(), Some(given::TOKEN));
        sent += 1;
    }
    assert!(sent > 20, "{sent}");
}

#[tokio::test]
async fn a_hostile_sender_name_is_rejected_or_only_a_name() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let mut sent = 0;
    for name in corpus().iter().flat_map(|text| variants(text)) {
        let Ok(name) = SenderName::parse(&name) else {
            continue;
        };
        let smtp = given::smtp(&sink, SmtpSecurity::None);
        let mailer = given::mailer(&SmtpSettings { from_name: Some(name), ..smtp });
        let letter = send_and_check(&sink, &mailer, &given::message(Content::Welcome)).await;
        let from = letter.header("From").unwrap();
        assert!(from.ends_with(" <no-reply@acme.example>"), "{from}");
        sent += 1;
    }
    assert!(sent > 20, "{sent}");
}

#[tokio::test]
async fn a_hostile_address_is_rejected_or_only_an_address() {
    let sink = SmtpSink::start(Behaviour::accept().with_utf8()).await;
    let mut sent = 0;
    for text in corpus() {
        for address in [
            text.clone(),
            format!("{text}@example.com"),
            format!("an{text}na@example.com"),
            format!("anna@{text}.example"),
            format!("anna@example.com{text}"),
        ] {
            let Ok(to) = EmailAddress::parse(&address) else {
                continue;
            };
            let message = Message { to, ..given::message(given::reset_link()) };
            let mailer = given::plain_mailer(&sink);
            let letter = send_and_check(&sink, &mailer, &message).await;
            assert_eq!(letter.header("To"), Some(format!("<{}>", message.to.as_str()).as_str()));
            sent += 1;
        }
    }
    assert!(sent > 5, "{sent}");
}

#[tokio::test]
async fn a_user_agent_is_never_part_of_a_mail() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    for text in corpus() {
        let marked = format!("evil-mark {text} evil-mark");
        let client = ClientInfo::new(None, Some(&marked));
        let Content::ResetLink { token, requested_at, expires_at, .. } = given::reset_link() else {
            unreachable!()
        };
        let content = Content::ResetLink { token, requested_at, expires_at, client };
        let mailer = given::plain_mailer(&sink);
        let letter = send_and_check(&sink, &mailer, &given::message(content)).await;
        assert!(letter.text.contains("Requested from an unknown device, 20 November 2026"));
        assert!(!letter.text.contains("evil") && !letter.html.contains("evil"));
    }
}

#[tokio::test]
async fn a_hostile_public_url_is_rejected_or_only_a_url() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let mut sent = 0;
    for text in corpus() {
        for url in [
            text.clone(),
            format!("https://{text}"),
            format!("https://acme{text}.example"),
            format!("https://acme.example:{text}"),
            format!("https://acme.example/{text}"),
        ] {
            let Ok(branding) = Branding::new("Acme", &url) else {
                continue;
            };
            let smtp = given::smtp(&sink, SmtpSecurity::None);
            let mailer = given::try_mailer(&smtp, branding).unwrap();
            send_and_check(&sink, &mailer, &given::message(given::reset_link())).await;
            sent += 1;
        }
    }
    assert!(sent > 1, "{sent}");
}
