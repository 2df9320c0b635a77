//! What goes wrong, and who is told it will never work.

use std::time::{Duration, Instant};

use vestibule_domain::mail::Content;
use vestibule_domain::ports::{MailError, Mailer};
use vestibule_domain::relay::{Relay, RelayHost, RelaySecurity};
use vestibule_testkit::smtp::{Behaviour, SmtpSink, Stage, parse};

use crate::given;

fn demanding() -> Behaviour {
    Behaviour::accept().with_starttls().with_login(given::USERNAME, given::PASSWORD)
}

async fn refusal(sink: &SmtpSink, deadline: Duration) -> MailError {
    let relay = given::relay_with_login(sink, RelaySecurity::StartTls);
    let mailer = given::mailer(&relay).with_deadline(deadline);
    mailer.send(&given::message(given::reset_link())).await.unwrap_err()
}

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_relay_that_stalls_is_left_when_the_time_is_up() {
    for stage in Stage::ALL {
        let sink = SmtpSink::start(demanding().stalling_at(stage)).await;
        let began = Instant::now();
        let refused = refusal(&sink, Duration::from_millis(250)).await;
        assert!(began.elapsed() >= Duration::from_millis(250), "{stage:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{stage:?}");
        assert!(matches!(refused, MailError::Transient(_)), "{stage:?}");
        assert_eq!(sink.messages(), [], "{stage:?}");
        let left = sink.wait_until(PATIENCE, |sink| sink.sessions()[0].ended).await;
        assert!(left, "the connection stayed open: {stage:?}");
    }
}

#[tokio::test]
async fn a_relay_that_hangs_up_may_come_back() {
    for stage in Stage::ALL {
        let sink = SmtpSink::start(demanding().cutting_at(stage).times(1)).await;
        let refused = refusal(&sink, PATIENCE).await;
        assert!(matches!(refused, MailError::Transient(_)), "{stage:?}");
        assert!(!given::describe(&refused).is_empty());
    }
}

#[tokio::test]
async fn only_a_cut_after_the_final_dot_can_duplicate_and_then_under_one_name() {
    let sink = SmtpSink::start(Behaviour::accept().cutting_at(Stage::FinalDot).times(1)).await;
    let mailer = given::plain_mailer(&sink);
    let message = given::message(Content::Welcome);
    let cut = mailer.send(&message).await;
    assert!(matches!(cut, Err(MailError::Transient(_))));
    mailer.send(&message).await.unwrap();
    let [first, second] = sink.messages().try_into().unwrap();
    assert_eq!(first.data, second.data);
    assert!(parse::letter(&first.data).header("Message-ID").is_some());
}

#[tokio::test]
async fn a_refusal_of_this_mail_is_final_unless_the_relay_says_later() {
    for (stage, reply, is_final) in [
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
        let sink = SmtpSink::start(demanding().answering_at(stage, reply)).await;
        let refused = refusal(&sink, PATIENCE).await;
        let found_final = matches!(refused, MailError::Permanent(_));
        assert_eq!(found_final, is_final, "{stage:?} {reply}");
        let (MailError::Transient(source) | MailError::Permanent(source)) = &refused;
        assert!(source.to_string().contains(reply), "{source}");
        assert!(given::describe(&refused).contains(reply), "{}", given::describe(&refused));
        assert_eq!(sink.messages(), [], "{stage:?} {reply}");
    }
}

#[tokio::test]
async fn a_reply_that_quotes_the_recipient_does_not_name_them() {
    for (stage, reply) in [
        (Stage::Recipient, "550 5.1.1 <anna@example.com>: no such user"),
        (Stage::Recipient, "450-4.2.0 <Anna@EXAMPLE.com>\r\n450 4.2.0 anna@example.com: later"),
        (Stage::Data, "554 5.5.1 nobody is left, not even ANNA@EXAMPLE.COM"),
        (Stage::FinalDot, "554 5.7.1 anna@example.com does not want this"),
        (Stage::FinalDot, "250 2.0.0 queued for <anna@example.com>"),
    ] {
        let sink = SmtpSink::start(Behaviour::accept().answering_at(stage, reply)).await;
        let sent = given::plain_mailer(&sink).send(&given::message(Content::Test)).await;
        let told = match &sent {
            Ok(receipt) => receipt.reply.clone(),
            Err(refused) => {
                let (MailError::Transient(source) | MailError::Permanent(source)) = refused;
                format!("{refused:?} {source} {source:?} {}", given::describe(refused))
            }
        };
        assert!(told.contains("[recipient]"), "{told}");
        assert!(!told.to_ascii_lowercase().contains("anna"), "{told}");
    }
}

#[tokio::test]
async fn a_long_reply_is_cut_and_put_on_one_line() {
    let reply = format!("550-first\r\n550-\u{1b}[31m\r\n550 {}", "x".repeat(400));
    let sink = SmtpSink::start(demanding().answering_at(Stage::Recipient, &reply)).await;
    let refused = given::describe(&refusal(&sink, PATIENCE).await);
    assert!(!refused.chars().any(char::is_control), "{refused:?}");
    assert!(refused.len() < 500, "{refused}");
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
async fn a_relay_that_is_not_there_is_named() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    sink.stop().await;
    let refused = refusal(&sink, PATIENCE).await;
    assert!(matches!(refused, MailError::Transient(_)));
    let hint = given::describe(&refused);
    assert!(hint.contains(&format!("Nothing answers at localhost:{}", sink.port())), "{hint}");

    let host = RelayHost::parse("relay.invalid").unwrap();
    let relay = Relay { host, ..given::relay(&sink, RelaySecurity::None) };
    let refused = given::mailer(&relay).send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(refused, MailError::Transient(_)));
    let hint = given::describe(&refused);
    assert!(hint.contains("relay.invalid") && hint.contains("DNS"), "{hint}");
}

#[tokio::test]
async fn what_is_no_relay_is_recognised() {
    let gibberish = Behaviour::accept().answering_at(Stage::Greeting, "SSH-2.0-OpenSSH_10.0");
    let sink = SmtpSink::start(gibberish).await;
    let refused = refusal(&sink, PATIENCE).await;
    assert!(matches!(refused, MailError::Transient(_)));
    assert!(
        given::describe(&refused).contains("does not speak SMTP"),
        "{}",
        given::describe(&refused)
    );
}
