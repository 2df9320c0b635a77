//! Explanations of failed deliveries for operators and administrators.

use std::io;

use rustls::{CertificateError, Error as TlsError};
use vestibule_domain::model::language::Language;
use vestibule_domain::ports::MailError;
use vestibule_locales::Locales;

use super::{Cause, Failure, Stage};

/// Describes a failed delivery and how to fix it, with the reply of the SMTP server.
///
/// The result contains no secrets. It is meant for the command line and for the page of the e-mail
/// settings.
pub fn describe(error: &MailError, locales: &Locales, language: Language) -> String {
    let (MailError::Transient(source) | MailError::Permanent(source)) = error;
    let Some(failure) = source.downcast_ref::<Failure>() else {
        return format!("{error}: {source}");
    };
    let stage = locales.text(language, stage_key(failure.stage), &[]);
    let reason = reason(&failure.cause);
    // Each text uses only some of the arguments.
    let arguments = [
        ("server", failure.server.as_str().into()),
        ("stage", stage.as_str().into()),
        ("reply", reason.as_str().into()),
        ("reason", reason.as_str().into()),
    ];
    locales.text(language, hint_key(failure), &arguments)
}

/// Returns the key of the text for a failure.
fn hint_key(failure: &Failure) -> &'static str {
    let stage = failure.stage;
    match &failure.cause {
        Cause::Io(source) => io_key(stage, source),
        Cause::Timeout => timeout_key(stage),
        Cause::Tls(source) => tls_key(stage, source),
        Cause::Reply { code, .. } => reply_key(stage, *code),
        Cause::NoStartTls => "smtp.noStartTls",
        Cause::NoMechanism => "smtp.noMechanism",
        Cause::NotSmtp => "smtp.notSmtp",
        Cause::NoUtf8 => "smtp.noUtf8",
        Cause::Address => "smtp.badAddress",
        Cause::Token | Cause::Heading | Cause::Template(_) => "smtp.notWritten",
    }
}

/// Returns the message of the SMTP server, the operating system or the TLS library.
fn reason(cause: &Cause) -> String {
    match cause {
        Cause::Reply { code, text } => format!("{code} {text}"),
        Cause::Tls(TlsError::InvalidCertificate(reason)) => reason.to_string(),
        _ => cause.to_string(),
    }
}

fn io_key(stage: Stage, source: &io::Error) -> &'static str {
    match (stage, source.kind()) {
        (Stage::Writing, _) => "smtp.notKept",
        (Stage::Resolving, _) => "smtp.unknownHost",
        (Stage::Connecting, io::ErrorKind::ConnectionRefused) => "smtp.nothingListens",
        (Stage::Connecting, _) => "smtp.unreachable",
        // A server that does not expect TLS often closes the connection.
        (Stage::Tls | Stage::StartTls, _) => "smtp.tlsFailed",
        _ => "smtp.broken",
    }
}

fn timeout_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Resolving => "smtp.hostTimeout",
        Stage::Connecting => "smtp.connectTimeout",
        Stage::Greeting => "smtp.silent",
        Stage::Tls | Stage::StartTls => "smtp.tlsTimeout",
        _ => "smtp.stalled",
    }
}

fn tls_key(stage: Stage, source: &TlsError) -> &'static str {
    let TlsError::InvalidCertificate(reason) = source else {
        // The server sent a plain greeting instead of a TLS message.
        let is_plain = stage == Stage::Tls && matches!(source, TlsError::InvalidMessage(_));
        return if is_plain { "smtp.expectsStartTls" } else { "smtp.tlsFailed" };
    };
    match reason {
        CertificateError::UnknownIssuer => "smtp.certificateUnknown",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "smtp.certificateName"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "smtp.certificateExpired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "smtp.certificateEarly"
        }
        _ => "smtp.certificateRefused",
    }
}

fn reply_key(stage: Stage, code: u16) -> &'static str {
    match (stage, code) {
        (Stage::SignIn, 500..) => "smtp.credentialsRefused",
        (_, 530 | 534 | 535 | 538) => "smtp.signInFirst",
        (_, 400..500) => "smtp.notReady",
        (Stage::Sender, _) => "smtp.senderRefused",
        (Stage::Recipient, _) => "smtp.recipientRefused",
        _ => "smtp.refused",
    }
}

fn stage_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Writing => "smtpStage.writing",
        Stage::Resolving => "smtpStage.resolving",
        Stage::Connecting => "smtpStage.connecting",
        Stage::Tls => "smtpStage.tls",
        Stage::Greeting => "smtpStage.greeting",
        Stage::Hello => "smtpStage.hello",
        Stage::StartTls => "smtpStage.startTls",
        Stage::SignIn => "smtpStage.signIn",
        Stage::Sender => "smtpStage.sender",
        Stage::Recipient => "smtpStage.recipient",
        Stage::Data => "smtpStage.data",
        Stage::Delivery => "smtpStage.delivery",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "smtp.example.com:587";

    const STAGES: [Stage; 12] = [
        Stage::Writing,
        Stage::Resolving,
        Stage::Connecting,
        Stage::Tls,
        Stage::Greeting,
        Stage::Hello,
        Stage::StartTls,
        Stage::SignIn,
        Stage::Sender,
        Stage::Recipient,
        Stage::Data,
        Stage::Delivery,
    ];

    /// Returns one cause of each kind, with a part of its text in every language.
    fn causes() -> Vec<(Cause, Option<&'static str>)> {
        let reply =
            |code| (Cause::Reply { code, text: "5.7.8 nope".to_owned() }, Some("5.7.8 nope"));
        let certificate = |reason| Cause::Tls(TlsError::InvalidCertificate(reason));
        vec![
            reply(451),
            reply(535),
            reply(550),
            (Cause::Io(io::ErrorKind::ConnectionRefused.into()), None),
            (Cause::Io(io::ErrorKind::ConnectionReset.into()), None),
            (Cause::Timeout, None),
            (Cause::Tls(TlsError::DecryptError), None),
            (
                Cause::Tls(TlsError::InvalidMessage(rustls::InvalidMessage::InvalidContentType)),
                None,
            ),
            (certificate(CertificateError::UnknownIssuer), Some("mail.ca_file")),
            (certificate(CertificateError::NotValidForName), None),
            (certificate(CertificateError::Expired), None),
            (certificate(CertificateError::NotValidYet), None),
            (certificate(CertificateError::Revoked), Some("mail.ca_file")),
            (Cause::NoStartTls, Some("STARTTLS")),
            (Cause::NoMechanism, Some("PLAIN")),
            (Cause::NotSmtp, Some("SMTP")),
            (Cause::NoUtf8, Some("SMTPUTF8")),
        ]
    }

    fn described(stage: Stage, cause: Cause, language: Language) -> String {
        let failure = Failure { server: SERVER.to_owned(), stage, cause };
        describe(&MailError::Transient(failure.into()), &Locales::embedded(), language)
    }

    #[test]
    fn every_failure_has_a_text_in_every_language() {
        for language in Language::ALL {
            for stage in STAGES {
                for (cause, part) in causes() {
                    let hint = described(stage, cause, language);
                    assert!(hint.contains(SERVER), "{language} {stage:?}: {hint}");
                    // No value and no text is missing.
                    assert!(!hint.contains('{') && !hint.contains("smtpStage"), "{hint}");
                    assert!(hint.contains(part.unwrap_or_default()), "{hint}");
                }
                for cause in [Cause::Address, Cause::Token, Cause::Heading] {
                    let hint = described(stage, cause, language);
                    assert!(!hint.contains('{') && hint.ends_with('.'), "{hint}");
                }
            }
        }
    }

    #[test]
    fn the_hint_matches_the_cause() {
        let reply = |code| Cause::Reply { code, text: "said so".to_owned() };
        let no_tls =
            || Cause::Tls(TlsError::InvalidMessage(rustls::InvalidMessage::InvalidContentType));
        for (stage, cause, hint) in [
            (Stage::SignIn, reply(535), "many providers require an app password"),
            (Stage::SignIn, reply(454), "Queued e-mails are retried automatically"),
            (Stage::Sender, reply(530), "requires authentication (530 said so)"),
            (Stage::Sender, reply(550), "is allowed to send as “From e-mail”"),
            (Stage::Recipient, reply(550), "rejected the recipient (550 said so)"),
            (Stage::Tls, no_tls(), "This server expects STARTTLS"),
            (Stage::StartTls, no_tls(), "The TLS handshake with"),
            (Stage::Tls, Cause::Io(io::ErrorKind::UnexpectedEof.into()), "The TLS handshake with"),
            (Stage::Greeting, Cause::Timeout, "expect TLS from the start"),
            (Stage::StartTls, Cause::NoStartTls, "Choose TLS under “Security”"),
            (Stage::Connecting, Cause::Timeout, "Many networks block port 25"),
        ] {
            let found = described(stage, cause, Language::English);
            assert!(found.contains(hint), "{found}");
        }
    }

    #[test]
    fn an_error_of_another_mailer_is_not_translated() {
        let error = MailError::Permanent("another mailer".into());
        let described = describe(&error, &Locales::embedded(), Language::German);
        assert_eq!(described, "the mail was refused: another mailer");
    }
}
