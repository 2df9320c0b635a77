//! Who hears what: encryption, certificates and sign-in.

use std::time::Duration;

use vestibule_domain::email::EmailAddress;
use vestibule_domain::mail::Content;
use vestibule_domain::ports::{MailError, Mailer};
use vestibule_domain::relay::{Relay, RelayError, RelayHost, RelaySecurity};
use vestibule_locales::Locales;
use vestibule_mail::{SettingsError, SmtpMailer};
use vestibule_testkit::smtp::{Behaviour, Certificate, Session, SmtpSink, Stage};

use crate::given;

fn behaviour(security: RelaySecurity) -> Behaviour {
    match security {
        RelaySecurity::None => Behaviour::accept(),
        RelaySecurity::StartTls => Behaviour::accept().with_starttls(),
        RelaySecurity::Tls => Behaviour::accept().with_tls(),
    }
}

fn demanding(security: RelaySecurity) -> Behaviour {
    behaviour(security).with_login(given::USERNAME, given::PASSWORD)
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

/// Nothing that a listener, or a relay that is not the right one, could use.
fn nothing_was_given_away(session: &Session) -> bool {
    let said = [session.clear.as_slice(), session.encrypted.as_slice()];
    !said.iter().any(|bytes| contains(bytes, "AUTH") || contains(bytes, "MAIL"))
}

#[tokio::test]
async fn each_kind_of_protection_works_with_and_without_sign_in() {
    for security in [RelaySecurity::None, RelaySecurity::StartTls, RelaySecurity::Tls] {
        let sink = SmtpSink::start(demanding(security)).await;
        let mailer = given::mailer(&given::relay_with_login(&sink, security));
        mailer.send(&given::message(Content::Test)).await.unwrap();
        sink.set(behaviour(security));
        let mailer = given::mailer(&given::relay(&sink, security));
        mailer.send(&given::message(Content::Test)).await.unwrap();
        assert_eq!(sink.messages().len(), 2, "{security:?}");
        assert!(sink.sessions().iter().all(|session| session.violations.is_empty()));
    }
}

#[tokio::test]
async fn with_starttls_nothing_but_the_greeting_is_in_the_clear() {
    let sink = SmtpSink::start(demanding(RelaySecurity::StartTls)).await;
    let mailer = given::mailer(&given::relay_with_login(&sink, RelaySecurity::StartTls));
    mailer.send(&given::message(Content::Test)).await.unwrap();
    let [session] = sink.sessions().try_into().unwrap();
    assert_eq!(session.clear, b"EHLO id.acme.example\r\nSTARTTLS\r\n");
    assert!(session.encrypted.starts_with(b"EHLO id.acme.example\r\nAUTH PLAIN "));
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let sink = SmtpSink::start(demanding(RelaySecurity::None)).await;
    let mailer = given::mailer(&given::relay_with_login(&sink, RelaySecurity::StartTls));
    let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(refused, MailError::Transient(_)));
    assert!(given::describe(&refused).contains("does not offer STARTTLS"));
    let [session] = sink.sessions().try_into().unwrap();
    assert_eq!(session.clear, b"EHLO id.acme.example\r\n");
}

#[tokio::test]
async fn a_refused_starttls_is_no_reason_to_go_on_in_the_clear() {
    for reply in ["454 4.7.0 no TLS today", "501 5.5.4 what", "250 2.0.0 sure"] {
        let behaviour = demanding(RelaySecurity::StartTls).answering_at(Stage::StartTls, reply);
        let sink = SmtpSink::start(behaviour).await;
        let mailer = given::mailer(&given::relay_with_login(&sink, RelaySecurity::StartTls))
            .with_deadline(Duration::from_secs(1));
        let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
        assert!(matches!(refused, MailError::Transient(_)), "{reply}");
        assert!(nothing_was_given_away(&sink.sessions()[0]), "{reply}");
    }
}

#[tokio::test]
async fn a_relay_that_is_not_the_right_one_gets_nothing() {
    for security in [RelaySecurity::StartTls, RelaySecurity::Tls] {
        for (certificate, hint) in [
            (Certificate::OtherName, "another name"),
            (Certificate::Expired, "expired"),
            (Certificate::SelfSigned, "mail.ca_file"),
        ] {
            let sink = SmtpSink::start(demanding(security).with_certificate(certificate)).await;
            let mailer = given::mailer(&given::relay_with_login(&sink, security));
            let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
            assert!(matches!(refused, MailError::Transient(_)));
            assert!(given::describe(&refused).contains(hint), "{}", given::describe(&refused));
            let [session] = sink.sessions().try_into().unwrap();
            assert!(nothing_was_given_away(&session), "{security:?} {certificate:?}");
            assert_eq!(session.encrypted, b"");
        }
    }
}

#[tokio::test]
async fn the_kind_of_protection_has_to_fit_the_port() {
    let sink = SmtpSink::start(demanding(RelaySecurity::None)).await;
    let mailer = given::mailer(&given::relay_with_login(&sink, RelaySecurity::Tls));
    let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(refused, MailError::Transient(_)));
    assert!(
        given::describe(&refused).contains("This server expects STARTTLS"),
        "{}",
        given::describe(&refused)
    );

    sink.set(demanding(RelaySecurity::Tls));
    let mailer = given::mailer(&given::relay_with_login(&sink, RelaySecurity::StartTls))
        .with_deadline(Duration::from_millis(300));
    let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(refused, MailError::Transient(_)));
    assert!(
        given::describe(&refused).contains("It may expect TLS from the start"),
        "{}",
        given::describe(&refused)
    );
}

#[tokio::test]
async fn plain_is_preferred_and_login_will_do() {
    for (mechanisms, used) in [
        ("PLAIN LOGIN", "AUTH PLAIN "),
        ("LOGIN PLAIN", "AUTH PLAIN "),
        ("LOGIN", "AUTH LOGIN\r\n"),
        ("CRAM-MD5 DIGEST-MD5 XOAUTH2 PLAIN", "AUTH PLAIN "),
        ("SCRAM-SHA-256 CRAM-MD5 LOGIN", "AUTH LOGIN\r\n"),
    ] {
        let behaviour = demanding(RelaySecurity::Tls).with_mechanisms(mechanisms);
        let sink = SmtpSink::start(behaviour).await;
        let mailer = given::mailer(&given::relay_with_login(&sink, RelaySecurity::Tls));
        mailer.send(&given::message(Content::Test)).await.unwrap();
        let [session] = sink.sessions().try_into().unwrap();
        assert!(contains(&session.encrypted, used), "{mechanisms}");
        assert_eq!(session.violations, Vec::<String>::new(), "{mechanisms}");
    }
}

#[tokio::test]
async fn an_unknown_mechanism_is_not_begun() {
    for mechanisms in ["CRAM-MD5 DIGEST-MD5", "XOAUTH2"] {
        let behaviour = demanding(RelaySecurity::Tls).with_mechanisms(mechanisms);
        let sink = SmtpSink::start(behaviour).await;
        let mailer = given::mailer(&given::relay_with_login(&sink, RelaySecurity::Tls));
        let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
        assert!(matches!(refused, MailError::Transient(_)));
        assert!(given::describe(&refused).contains("neither PLAIN nor LOGIN"));
        assert!(nothing_was_given_away(&sink.sessions()[0]));
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_matter_of_settings() {
    let sink =
        SmtpSink::start(behaviour(RelaySecurity::Tls).with_login(given::USERNAME, "other")).await;
    let mailer = given::mailer(&given::relay_with_login(&sink, RelaySecurity::Tls));
    let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(refused, MailError::Transient(_)));
    assert!(given::describe(&refused).contains("app password"));
    assert!(given::describe(&refused).contains("535 5.7.8 wrong user name or password"));

    let anonymous = given::mailer(&given::relay(&sink, RelaySecurity::Tls));
    let refused = anonymous.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(refused, MailError::Transient(_)));
    assert!(given::describe(&refused).contains("sign in first"));
    assert_eq!(sink.messages(), []);
}

#[tokio::test]
async fn a_relay_that_repeats_a_secret_is_not_quoted() {
    // The user name, a NUL, the user name again and the password, as PLAIN sends them; and the
    // password as LOGIN sends it.
    let plain = "AHJlbGF5LXVzZXIAY29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ==";
    let login = "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ==";
    let echo = format!("535 5.7.8 no: {plain} {login} {}", given::PASSWORD);
    let behaviour = demanding(RelaySecurity::Tls).answering_at(Stage::SignIn, &echo);
    let sink = SmtpSink::start(behaviour).await;
    let mailer = given::mailer(&given::relay_with_login(&sink, RelaySecurity::Tls));
    let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    let (MailError::Transient(source) | MailError::Permanent(source)) = &refused;
    for text in [given::describe(&refused), source.to_string(), format!("{refused:?}")] {
        assert!(!text.contains(given::PASSWORD) && !text.contains(plain) && !text.contains(login));
        assert!(text.contains("no: [removed] [removed] [removed]"), "{text}");
    }

    let echo = format!("554 5.7.1 bad link https://id.acme.example/?token={}", given::TOKEN);
    sink.set(demanding(RelaySecurity::Tls).answering_at(Stage::FinalDot, &echo));
    let refused = mailer.send(&given::message(given::reset_link())).await.unwrap_err();
    assert!(matches!(refused, MailError::Permanent(_)));
    assert!(given::describe(&refused).contains("token=[removed]"), "{}", given::describe(&refused));
}

#[tokio::test]
async fn a_relay_that_cannot_work_is_refused_before_the_first_mail() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let make = |relay: &Relay| given::try_mailer(relay, given::letterhead()).map(|_| ());
    let remote = Relay {
        host: RelayHost::parse("smtp.example.com").unwrap(),
        ..given::relay_with_login(&sink, RelaySecurity::None)
    };
    let refused = make(&remote);
    let readable = RelayError::UnencryptedCredentials;
    assert!(matches!(refused, Err(SettingsError::Relay(error)) if error == readable));
    for security in [RelaySecurity::StartTls, RelaySecurity::Tls] {
        assert!(make(&Relay { security, ..remote.clone() }).is_ok(), "{security:?}");
    }
    assert!(make(&Relay { credentials: None, ..remote }).is_ok());

    let from_address = EmailAddress::parse("zoë@example.com").unwrap();
    let foreign = Relay { from_address, ..given::relay(&sink, RelaySecurity::Tls) };
    let refused = make(&foreign);
    assert!(matches!(refused, Err(SettingsError::Relay(RelayError::SenderAddress))));
}

#[tokio::test]
async fn a_trust_anchor_is_a_certificate() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    for pem in
        ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    {
        for security in [RelaySecurity::StartTls, RelaySecurity::Tls] {
            let (relay, pem) = (given::relay(&sink, security), Some(pem.as_bytes()));
            let made = SmtpMailer::new(&relay, pem, given::letterhead(), Locales::embedded());
            assert!(matches!(made, Err(SettingsError::CaFile)), "{pem:?}");
        }
    }
}

#[tokio::test]
async fn a_host_can_stand_in_a_certificate_or_is_refused() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let make = |host: &str| {
        let relay = given::relay(&sink, RelaySecurity::Tls);
        let relay = Relay { host: RelayHost::parse(host)?, ..relay };
        given::try_mailer(&relay, given::letterhead()).map(|_| ())
    };
    let labels = |last: usize| format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(last));
    let (longest, too_long) = (labels(61), labels(62));
    for host in ["localhost", "smtp.example.com", "smtp.example.com.", "192.0.2.1", "::1", &longest]
    {
        assert!(make(host).is_ok(), "{host:?}");
    }
    let with_dot = format!("{longest}.");
    for host in ["10.0.0.256", "a.1", "a.1.", "a..", ".", "a.example..", &with_dot, &too_long] {
        assert!(make(host).is_err(), "{host:?}");
    }
}
