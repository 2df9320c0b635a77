//! Who hears what: encryption, certificates and sign-in.

use std::time::Duration;

use vestibule_domain::mail::Content;
use vestibule_domain::ports::{MailError, Mailer};
use vestibule_locales::Locales;
use vestibule_mail::{Security, SettingsError, SmtpMailer, SmtpSettings};
use vestibule_testkit::smtp::{Behaviour, Certificate, Session, SmtpSink, Stage};

use crate::given;

fn behaviour(security: Security) -> Behaviour {
    match security {
        Security::None => Behaviour::accept(),
        Security::StartTls => Behaviour::accept().with_starttls(),
        Security::Tls => Behaviour::accept().with_tls(),
    }
}

fn demanding(security: Security) -> Behaviour {
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
    for security in [Security::None, Security::StartTls, Security::Tls] {
        let sink = SmtpSink::start(demanding(security)).await;
        let mailer = given::mailer(given::settings_with_login(&sink, security));
        mailer.send(&given::message(Content::Test)).await.unwrap();
        sink.set(behaviour(security));
        let mailer = given::mailer(given::settings(&sink, security));
        mailer.send(&given::message(Content::Test)).await.unwrap();
        assert_eq!(sink.messages().len(), 2, "{security:?}");
        assert!(sink.sessions().iter().all(|session| session.violations.is_empty()));
    }
}

#[tokio::test]
async fn with_starttls_nothing_but_the_greeting_is_in_the_clear() {
    let sink = SmtpSink::start(demanding(Security::StartTls)).await;
    let mailer = given::mailer(given::settings_with_login(&sink, Security::StartTls));
    mailer.send(&given::message(Content::Test)).await.unwrap();
    let [session] = sink.sessions().try_into().unwrap();
    assert_eq!(session.clear, b"EHLO id.acme.example\r\nSTARTTLS\r\n");
    assert!(session.encrypted.starts_with(b"EHLO id.acme.example\r\nAUTH PLAIN "));
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let sink = SmtpSink::start(demanding(Security::None)).await;
    let mailer = given::mailer(given::settings_with_login(&sink, Security::StartTls));
    let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(refused, MailError::Transient(_)));
    assert!(given::describe(&refused).contains("does not offer STARTTLS"));
    let [session] = sink.sessions().try_into().unwrap();
    assert_eq!(session.clear, b"EHLO id.acme.example\r\n");
}

#[tokio::test]
async fn a_refused_starttls_is_no_reason_to_go_on_in_the_clear() {
    for reply in ["454 4.7.0 no TLS today", "501 5.5.4 what", "250 2.0.0 sure"] {
        let behaviour = demanding(Security::StartTls).answering_at(Stage::StartTls, reply);
        let sink = SmtpSink::start(behaviour).await;
        let mailer = given::mailer(given::settings_with_login(&sink, Security::StartTls))
            .with_deadline(Duration::from_secs(1));
        let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
        assert!(matches!(refused, MailError::Transient(_)), "{reply}");
        assert!(nothing_was_given_away(&sink.sessions()[0]), "{reply}");
    }
}

#[tokio::test]
async fn a_relay_that_is_not_the_right_one_gets_nothing() {
    for security in [Security::StartTls, Security::Tls] {
        for (certificate, hint) in [
            (Certificate::OtherName, "another name"),
            (Certificate::Expired, "expired"),
            (Certificate::SelfSigned, "mail.ca_file"),
        ] {
            let sink = SmtpSink::start(demanding(security).with_certificate(certificate)).await;
            let mailer = given::mailer(given::settings_with_login(&sink, security));
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
    let sink = SmtpSink::start(demanding(Security::None)).await;
    let mailer = given::mailer(given::settings_with_login(&sink, Security::Tls));
    let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(refused, MailError::Transient(_)));
    assert!(
        given::describe(&refused).contains("This server expects STARTTLS"),
        "{}",
        given::describe(&refused)
    );

    sink.set(demanding(Security::Tls));
    let mailer = given::mailer(given::settings_with_login(&sink, Security::StartTls))
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
        let behaviour = demanding(Security::Tls).with_mechanisms(mechanisms);
        let sink = SmtpSink::start(behaviour).await;
        let mailer = given::mailer(given::settings_with_login(&sink, Security::Tls));
        mailer.send(&given::message(Content::Test)).await.unwrap();
        let [session] = sink.sessions().try_into().unwrap();
        assert!(contains(&session.encrypted, used), "{mechanisms}");
        assert_eq!(session.violations, Vec::<String>::new(), "{mechanisms}");
    }
}

#[tokio::test]
async fn an_unknown_mechanism_is_not_begun() {
    for mechanisms in ["CRAM-MD5 DIGEST-MD5", "XOAUTH2"] {
        let behaviour = demanding(Security::Tls).with_mechanisms(mechanisms);
        let sink = SmtpSink::start(behaviour).await;
        let mailer = given::mailer(given::settings_with_login(&sink, Security::Tls));
        let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
        assert!(matches!(refused, MailError::Transient(_)));
        assert!(given::describe(&refused).contains("neither PLAIN nor LOGIN"));
        assert!(nothing_was_given_away(&sink.sessions()[0]));
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_matter_of_settings() {
    let sink = SmtpSink::start(behaviour(Security::Tls).with_login(given::USERNAME, "other")).await;
    let mailer = given::mailer(given::settings_with_login(&sink, Security::Tls));
    let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(refused, MailError::Transient(_)));
    assert!(given::describe(&refused).contains("app password"));
    assert!(given::describe(&refused).contains("535 5.7.8 wrong user name or password"));

    let anonymous = given::mailer(given::settings(&sink, Security::Tls));
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
    let behaviour = demanding(Security::Tls).answering_at(Stage::SignIn, &echo);
    let sink = SmtpSink::start(behaviour).await;
    let mailer = given::mailer(given::settings_with_login(&sink, Security::Tls));
    let refused = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    let (MailError::Transient(source) | MailError::Permanent(source)) = &refused;
    for text in [given::describe(&refused), source.to_string(), format!("{refused:?}")] {
        assert!(!text.contains(given::PASSWORD) && !text.contains(plain) && !text.contains(login));
        assert!(text.contains("no: [removed] [removed] [removed]"), "{text}");
    }

    let echo = format!("554 5.7.1 bad link https://id.acme.example/?token={}", given::TOKEN);
    sink.set(demanding(Security::Tls).answering_at(Stage::FinalDot, &echo));
    let refused = mailer.send(&given::message(given::reset_link())).await.unwrap_err();
    assert!(matches!(refused, MailError::Permanent(_)));
    assert!(given::describe(&refused).contains("token=[removed]"), "{}", given::describe(&refused));
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_before_the_first_mail() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let make = |settings: SmtpSettings| {
        SmtpMailer::new(settings, given::letterhead(), Locales::embedded())
    };
    let settings = || given::settings(&sink, Security::Tls);
    for pem in
        ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    {
        let refused = make(SmtpSettings { ca_file: Some(pem.into()), ..settings() });
        assert!(matches!(refused, Err(SettingsError::CaFile)), "{pem:?}");
    }
    let remote = given::settings_with_login(&sink, Security::None);
    let refused = make(SmtpSettings { host: "smtp.example.com".to_owned(), ..remote });
    assert!(matches!(refused, Err(SettingsError::UnencryptedCredentials)));
    let from_address = vestibule_domain::email::EmailAddress::parse("zoë@example.com").unwrap();
    let refused = make(SmtpSettings { from_address, ..settings() });
    assert!(matches!(refused, Err(SettingsError::SenderAddress)));
}
