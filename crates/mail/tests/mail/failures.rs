//! Tests of failed deliveries and their classification.

use std::time::{Duration, Instant};

use vestibule_domain::model::mail::Content;
use vestibule_domain::model::smtp_settings::{SmtpHost, SmtpSecurity, SmtpSettings};
use vestibule_domain::ports::{MailError, Mailer};
use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage, parse};

use crate::given;

fn with_login() -> Behaviour {
    Behaviour::accept().with_starttls().with_login(given::USERNAME, given::PASSWORD)
}

async fn send_error(sink: &SmtpSink, timeout: Duration) -> MailError {
    let smtp = given::smtp_with_login(sink, SmtpSecurity::StartTls);
    let mailer = given::mailer(&smtp).with_timeout(timeout);
    mailer.send(&given::message(given::reset_link())).await.unwrap_err()
}

const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_connection_is_closed_after_the_timeout_if_the_smtp_server_stalls() {
    for stage in Stage::ALL {
        let sink = SmtpSink::start(with_login().stalling_at(stage)).await;
        let start = Instant::now();
        let error = send_error(&sink, Duration::from_millis(250)).await;
        assert!(start.elapsed() >= Duration::from_millis(250), "{stage:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{stage:?}");
        assert!(matches!(error, MailError::Transient(_)), "{stage:?}");
        assert_eq!(sink.messages(), [], "{stage:?}");
        let closed = sink.wait_until(TIMEOUT, |sink| sink.sessions()[0].ended).await;
        assert!(closed, "the connection stayed open: {stage:?}");
    }
}

#[tokio::test]
async fn a_closed_connection_is_a_temporary_failure() {
    for stage in Stage::ALL {
        let sink = SmtpSink::start(with_login().cutting_at(stage).times(1)).await;
        let error = send_error(&sink, TIMEOUT).await;
        assert!(matches!(error, MailError::Transient(_)), "{stage:?}");
        assert!(!given::describe(&error).is_empty());
    }
}

#[tokio::test]
async fn a_duplicate_after_the_final_dot_has_the_same_message_id() {
    let sink = SmtpSink::start(Behaviour::accept().cutting_at(Stage::FinalDot).times(1)).await;
    let mailer = given::plain_mailer(&sink);
    let message = given::message(Content::Welcome);
    let outcome = mailer.send(&message).await;
    assert!(matches!(outcome, Err(MailError::Transient(_))));
    mailer.send(&message).await.unwrap();
    let [first, second] = sink.messages().try_into().unwrap();
    assert_eq!(first.data, second.data);
    assert!(parse::letter(&first.data).header("Message-ID").is_some());
}

#[tokio::test]
async fn only_a_permanent_rejection_of_the_mail_is_a_permanent_failure() {
    for (stage, reply, is_permanent) in [
        (Stage::Mail, "550 5.7.1 not as this sender", false),
        (Stage::Mail, "451 4.3.0 busy", false),
        (Stage::Mail, "530 5.7.0 sign in first", false),
        (Stage::Recipient, "550 5.1.1 no such user", true),
        (Stage::Recipient, "553 5.1.3 what a name", true),
        (Stage::Recipient, "450 4.2.0 greylisted", false),
        (Stage::Recipient, "535 5.7.8 who are you", false),
        (Stage::Recipient, "421 4.3.2 going down", false),
        (Stage::Data, "554 5.5.1 no valid recipients", true),
        (Stage::Data, "451 4.3.0 disk full", false),
        (Stage::FinalDot, "554 5.7.1 looks like spam", true),
        (Stage::FinalDot, "552 5.3.4 too big", true),
        (Stage::FinalDot, "451 4.7.1 later", false),
        (Stage::Greeting, "554 5.3.2 go away", false),
        (Stage::Greeting, "421 4.3.2 too busy", false),
        (Stage::Hello, "550 5.7.1 bad name", false),
        (Stage::SignIn, "535 5.7.8 wrong", false),
        (Stage::SignIn, "550 5.7.1 locked", false),
        (Stage::SignIn, "454 4.7.0 directory is away", false),
    ] {
        let sink = SmtpSink::start(with_login().answering_at(stage, reply)).await;
        let error = send_error(&sink, TIMEOUT).await;
        let found_permanent = matches!(error, MailError::Permanent(_));
        assert_eq!(found_permanent, is_permanent, "{stage:?} {reply}");
        let (MailError::Transient(source) | MailError::Permanent(source)) = &error;
        assert!(source.to_string().contains(reply), "{source}");
        assert!(given::describe(&error).contains(reply), "{}", given::describe(&error));
        assert_eq!(sink.messages(), [], "{stage:?} {reply}");
    }
}

#[tokio::test]
async fn the_recipient_is_removed_from_replies() {
    for (stage, reply) in [
        (Stage::Recipient, "550 5.1.1 <anna@example.com>: no such user"),
        (Stage::Recipient, "450-4.2.0 <Anna@EXAMPLE.com>\r\n450 4.2.0 anna@example.com: later"),
        (Stage::Data, "554 5.5.1 no valid recipients, rejected ANNA@EXAMPLE.COM"),
        (Stage::FinalDot, "554 5.7.1 anna@example.com does not want this"),
        (Stage::FinalDot, "250 2.0.0 queued for <anna@example.com>"),
    ] {
        let sink = SmtpSink::start(Behaviour::accept().answering_at(stage, reply)).await;
        let sent = given::plain_mailer(&sink).send(&given::message(Content::Test)).await;
        let output = match &sent {
            Ok(receipt) => receipt.reply.clone(),
            Err(error) => {
                let (MailError::Transient(source) | MailError::Permanent(source)) = error;
                format!("{error:?} {source} {source:?} {}", given::describe(error))
            }
        };
        assert!(output.contains("[recipient]"), "{output}");
        assert!(!output.to_ascii_lowercase().contains("anna"), "{output}");
    }
}

#[tokio::test]
async fn a_long_reply_is_truncated_and_on_one_line() {
    let reply = format!("550-first\r\n550-\u{1b}[31m\r\n550 {}", "x".repeat(400));
    let sink = SmtpSink::start(with_login().answering_at(Stage::Recipient, &reply)).await;
    let error = given::describe(&send_error(&sink, TIMEOUT).await);
    assert!(!error.chars().any(char::is_control), "{error:?}");
    assert!(error.len() < 500, "{error}");
}

#[tokio::test]
async fn after_greylisting_the_mail_arrives_once() {
    let greylisting = Behaviour::accept().answering_at(Stage::Recipient, "450 4.2.0 later");
    let sink = SmtpSink::start(greylisting.times(3)).await;
    let mailer = given::plain_mailer(&sink);
    let message = given::message(Content::Welcome);
    for _ in 0..3 {
        assert!(matches!(mailer.send(&message).await, Err(MailError::Transient(_))));
    }
    mailer.send(&message).await.unwrap();
    assert_eq!(sink.messages().len(), 1);
}

#[tokio::test]
async fn the_error_for_an_unreachable_smtp_server_contains_its_name() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    sink.stop().await;
    let error = send_error(&sink, TIMEOUT).await;
    assert!(matches!(error, MailError::Transient(_)));
    let hint = given::describe(&error);
    assert!(hint.contains(&format!("localhost:{} refused the connection", sink.port())), "{hint}");

    let host = SmtpHost::parse("smtp.invalid").unwrap();
    let smtp = SmtpSettings { host, ..given::smtp(&sink, SmtpSecurity::None) };
    let error = given::mailer(&smtp).send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(error, MailError::Transient(_)));
    let hint = given::describe(&error);
    assert!(hint.contains("smtp.invalid") && hint.contains("DNS"), "{hint}");
}

#[tokio::test]
async fn a_server_that_is_not_an_smtp_server_is_detected() {
    let other = Behaviour::accept().answering_at(Stage::Greeting, "SSH-2.0-OpenSSH_10.0");
    let sink = SmtpSink::start(other).await;
    let error = send_error(&sink, TIMEOUT).await;
    assert!(matches!(error, MailError::Transient(_)));
    assert!(
        given::describe(&error).contains("is not an SMTP server"),
        "{}",
        given::describe(&error)
    );
}
