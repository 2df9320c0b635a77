//! Tests of encryption, certificates and authentication.

use std::time::Duration;

use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::mail::Content;
use vestibule_domain::model::smtp_settings::{
    SmtpHost, SmtpSecurity, SmtpSettings, SmtpSettingsError,
};
use vestibule_domain::ports::{MailError, Mailer};
use vestibule_locales::Locales;
use vestibule_mail::{SettingsError, SmtpMailer};
use vestibule_testkit::smtp::{Behaviour, Certificate, Session, SmtpSink, Stage};

use crate::given;

fn behaviour(security: SmtpSecurity) -> Behaviour {
    match security {
        SmtpSecurity::None => Behaviour::accept(),
        SmtpSecurity::StartTls => Behaviour::accept().with_starttls(),
        SmtpSecurity::Tls => Behaviour::accept().with_tls(),
    }
}

fn with_login(security: SmtpSecurity) -> Behaviour {
    behaviour(security).with_login(given::USERNAME, given::PASSWORD)
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

/// Returns `true` if neither credentials nor mails were sent.
fn nothing_was_sent(session: &Session) -> bool {
    let sent = [session.clear.as_slice(), session.encrypted.as_slice()];
    !sent.iter().any(|bytes| contains(bytes, "AUTH") || contains(bytes, "MAIL"))
}

#[tokio::test]
async fn each_kind_of_encryption_works_with_and_without_authentication() {
    for security in [SmtpSecurity::None, SmtpSecurity::StartTls, SmtpSecurity::Tls] {
        let sink = SmtpSink::start(with_login(security)).await;
        let mailer = given::mailer(&given::smtp_with_login(&sink, security));
        mailer.send(&given::message(Content::Test)).await.unwrap();
        sink.set(behaviour(security));
        let mailer = given::mailer(&given::smtp(&sink, security));
        mailer.send(&given::message(Content::Test)).await.unwrap();
        assert_eq!(sink.messages().len(), 2, "{security:?}");
        assert!(sink.sessions().iter().all(|session| session.violations.is_empty()));
    }
}

#[tokio::test]
async fn with_starttls_only_the_greeting_is_unencrypted() {
    let sink = SmtpSink::start(with_login(SmtpSecurity::StartTls)).await;
    let mailer = given::mailer(&given::smtp_with_login(&sink, SmtpSecurity::StartTls));
    mailer.send(&given::message(Content::Test)).await.unwrap();
    let [session] = sink.sessions().try_into().unwrap();
    assert_eq!(session.clear, b"EHLO id.acme.example\r\nSTARTTLS\r\n");
    assert!(session.encrypted.starts_with(b"EHLO id.acme.example\r\nAUTH PLAIN "));
}

#[tokio::test]
async fn nothing_is_sent_without_starttls() {
    let sink = SmtpSink::start(with_login(SmtpSecurity::None)).await;
    let mailer = given::mailer(&given::smtp_with_login(&sink, SmtpSecurity::StartTls));
    let error = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(error, MailError::Transient(_)));
    assert!(given::describe(&error).contains("does not support STARTTLS"));
    let [session] = sink.sessions().try_into().unwrap();
    assert_eq!(session.clear, b"EHLO id.acme.example\r\n");
}

#[tokio::test]
async fn nothing_is_sent_unencrypted_if_starttls_is_rejected() {
    for reply in ["454 4.7.0 no TLS today", "501 5.5.4 what", "250 2.0.0 sure"] {
        let behaviour = with_login(SmtpSecurity::StartTls).answering_at(Stage::StartTls, reply);
        let sink = SmtpSink::start(behaviour).await;
        let mailer = given::mailer(&given::smtp_with_login(&sink, SmtpSecurity::StartTls))
            .with_timeout(Duration::from_secs(1));
        let error = mailer.send(&given::message(Content::Test)).await.unwrap_err();
        assert!(matches!(error, MailError::Transient(_)), "{reply}");
        assert!(nothing_was_sent(&sink.sessions()[0]), "{reply}");
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_with_an_invalid_certificate() {
    for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls] {
        for (certificate, hint) in [
            (Certificate::OtherName, "another name"),
            (Certificate::Expired, "expired"),
            (Certificate::SelfSigned, "mail.ca_file"),
        ] {
            let sink = SmtpSink::start(with_login(security).with_certificate(certificate)).await;
            let mailer = given::mailer(&given::smtp_with_login(&sink, security));
            let error = mailer.send(&given::message(Content::Test)).await.unwrap_err();
            assert!(matches!(error, MailError::Transient(_)));
            assert!(given::describe(&error).contains(hint), "{}", given::describe(&error));
            let [session] = sink.sessions().try_into().unwrap();
            assert!(nothing_was_sent(&session), "{security:?} {certificate:?}");
            assert_eq!(session.encrypted, b"");
        }
    }
}

#[tokio::test]
async fn the_encryption_must_match_the_port() {
    let sink = SmtpSink::start(with_login(SmtpSecurity::None)).await;
    let mailer = given::mailer(&given::smtp_with_login(&sink, SmtpSecurity::Tls));
    let error = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(error, MailError::Transient(_)));
    assert!(
        given::describe(&error).contains("This server expects STARTTLS"),
        "{}",
        given::describe(&error)
    );

    sink.set(with_login(SmtpSecurity::Tls));
    let mailer = given::mailer(&given::smtp_with_login(&sink, SmtpSecurity::StartTls))
        .with_timeout(Duration::from_millis(300));
    let error = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(error, MailError::Transient(_)));
    assert!(
        given::describe(&error).contains("It may expect TLS from the start"),
        "{}",
        given::describe(&error)
    );
}

#[tokio::test]
async fn plain_is_preferred_over_login() {
    for (mechanisms, used) in [
        ("PLAIN LOGIN", "AUTH PLAIN "),
        ("LOGIN PLAIN", "AUTH PLAIN "),
        ("LOGIN", "AUTH LOGIN\r\n"),
        ("CRAM-MD5 DIGEST-MD5 XOAUTH2 PLAIN", "AUTH PLAIN "),
        ("SCRAM-SHA-256 CRAM-MD5 LOGIN", "AUTH LOGIN\r\n"),
    ] {
        let behaviour = with_login(SmtpSecurity::Tls).with_mechanisms(mechanisms);
        let sink = SmtpSink::start(behaviour).await;
        let mailer = given::mailer(&given::smtp_with_login(&sink, SmtpSecurity::Tls));
        mailer.send(&given::message(Content::Test)).await.unwrap();
        let [session] = sink.sessions().try_into().unwrap();
        assert!(contains(&session.encrypted, used), "{mechanisms}");
        assert_eq!(session.violations, Vec::<String>::new(), "{mechanisms}");
    }
}

#[tokio::test]
async fn an_unsupported_mechanism_is_not_used() {
    for mechanisms in ["CRAM-MD5 DIGEST-MD5", "XOAUTH2"] {
        let behaviour = with_login(SmtpSecurity::Tls).with_mechanisms(mechanisms);
        let sink = SmtpSink::start(behaviour).await;
        let mailer = given::mailer(&given::smtp_with_login(&sink, SmtpSecurity::Tls));
        let error = mailer.send(&given::message(Content::Test)).await.unwrap_err();
        assert!(matches!(error, MailError::Transient(_)));
        assert!(given::describe(&error).contains("neither PLAIN nor LOGIN"));
        assert!(nothing_was_sent(&sink.sessions()[0]));
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_temporary_failure() {
    let sink =
        SmtpSink::start(behaviour(SmtpSecurity::Tls).with_login(given::USERNAME, "other")).await;
    let mailer = given::mailer(&given::smtp_with_login(&sink, SmtpSecurity::Tls));
    let error = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(error, MailError::Transient(_)));
    assert!(given::describe(&error).contains("app password"));
    assert!(given::describe(&error).contains("535 5.7.8 wrong username or password"));

    let anonymous = given::mailer(&given::smtp(&sink, SmtpSecurity::Tls));
    let error = anonymous.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(error, MailError::Transient(_)));
    assert!(given::describe(&error).contains("sign in first"));
    assert_eq!(sink.messages(), []);
}

#[tokio::test]
async fn secrets_are_removed_from_replies() {
    // NUL, username, NUL and password, as PLAIN sends them, and the password as LOGIN sends it.
    let plain = "AHNtdHAtdXNlcgBjb3JyZWN0IGhvcnNlIGJhdHRlcnkgc3RhcGxl";
    let login = "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ==";
    let echo = format!("535 5.7.8 no: {plain} {login} {}", given::PASSWORD);
    let behaviour = with_login(SmtpSecurity::Tls).answering_at(Stage::SignIn, &echo);
    let sink = SmtpSink::start(behaviour).await;
    let mailer = given::mailer(&given::smtp_with_login(&sink, SmtpSecurity::Tls));
    let error = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    let (MailError::Transient(source) | MailError::Permanent(source)) = &error;
    for text in [given::describe(&error), source.to_string(), format!("{error:?}")] {
        assert!(!text.contains(given::PASSWORD) && !text.contains(plain) && !text.contains(login));
        assert!(text.contains("no: [removed] [removed] [removed]"), "{text}");
    }

    let echo = format!("554 5.7.1 bad link https://id.acme.example/?token={}", given::TOKEN);
    sink.set(with_login(SmtpSecurity::Tls).answering_at(Stage::FinalDot, &echo));
    let error = mailer.send(&given::message(given::reset_link())).await.unwrap_err();
    assert!(matches!(error, MailError::Permanent(_)));
    assert!(given::describe(&error).contains("token=[removed]"), "{}", given::describe(&error));
}

#[tokio::test]
async fn invalid_smtp_settings_are_rejected_before_the_first_mail() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let check = |smtp: &SmtpSettings| given::try_mailer(smtp, given::branding()).map(|_| ());
    let remote = SmtpSettings {
        host: SmtpHost::parse("smtp.example.com").unwrap(),
        ..given::smtp_with_login(&sink, SmtpSecurity::None)
    };
    let outcome = check(&remote);
    let unencrypted = SmtpSettingsError::UnencryptedCredentials;
    assert!(matches!(outcome, Err(SettingsError::SmtpSettings(error)) if error == unencrypted));
    for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls] {
        assert!(check(&SmtpSettings { security, ..remote.clone() }).is_ok(), "{security:?}");
    }
    assert!(check(&SmtpSettings { credentials: None, ..remote }).is_ok());

    let from_address = EmailAddress::parse("zoë@example.com").unwrap();
    let non_ascii = SmtpSettings { from_address, ..given::smtp(&sink, SmtpSecurity::Tls) };
    let outcome = check(&non_ascii);
    assert!(matches!(outcome, Err(SettingsError::SmtpSettings(SmtpSettingsError::SenderAddress))));
}

#[tokio::test]
async fn a_trust_anchor_must_be_a_certificate() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    for pem in
        ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    {
        for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls] {
            let (smtp, pem) = (given::smtp(&sink, security), Some(pem.as_bytes()));
            let outcome = SmtpMailer::new(&smtp, pem, given::branding(), Locales::embedded());
            assert!(matches!(outcome, Err(SettingsError::CaFile)), "{pem:?}");
        }
    }
}

#[tokio::test]
async fn a_host_that_is_not_valid_in_a_certificate_is_rejected() {
    let sink = SmtpSink::start(Behaviour::accept()).await;
    let check = |host: &str| {
        let smtp = given::smtp(&sink, SmtpSecurity::Tls);
        let smtp = SmtpSettings { host: SmtpHost::parse(host)?, ..smtp };
        given::try_mailer(&smtp, given::branding()).map(|_| ())
    };
    let labels = |last: usize| format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(last));
    let (longest, too_long) = (labels(61), labels(62));
    for host in ["localhost", "smtp.example.com", "smtp.example.com.", "192.0.2.1", "::1", &longest]
    {
        assert!(check(host).is_ok(), "{host:?}");
    }
    let with_dot = format!("{longest}.");
    for host in ["10.0.0.256", "a.1", "a.1.", "a..", ".", "a.example..", &with_dot, &too_long] {
        assert!(check(host).is_err(), "{host:?}");
    }
}
