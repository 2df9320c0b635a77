//! Failed deliveries, classified as temporary or permanent.
//!
//! Only the code of an SMTP reply is evaluated. Its text is kept for operators: on one line,
//! limited in length, and without secrets and the address of the recipient, which it may contain.

mod hints;

use std::fmt;
use std::io;

use vestibule_domain::ports::MailError;

pub use hints::describe;

const MAX_REPLY_CHARACTERS: usize = 200;

/// The stage of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Rendering or storing the mail, before a connection is opened.
    Writing,
    Resolving,
    Connecting,
    Tls,
    Greeting,
    Hello,
    StartTls,
    SignIn,
    Sender,
    Recipient,
    Data,
    /// Sending the mail, up to the reply that accepts it.
    Delivery,
}

/// A failed delivery.
#[derive(Debug, thiserror::Error)]
#[error("{server}, {stage}: {cause}")]
pub(crate) struct Failure {
    /// `host:port`, or the directory of the dev mailbox.
    pub(crate) server: String,
    pub(crate) stage: Stage,
    pub(crate) cause: Cause,
}

/// The cause of a failed delivery.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("the SMTP server replied {code} {text}")]
    Reply { code: u16, text: String },
    #[error("timed out")]
    Timeout,
    #[error("{0}")]
    Io(io::Error),
    #[error("{0}")]
    Tls(rustls::Error),
    #[error("the SMTP server does not offer STARTTLS")]
    NoStartTls,
    #[error("the SMTP server offers no supported authentication mechanism (PLAIN, LOGIN)")]
    NoMechanism,
    #[error("the connection was closed, or the server is not an SMTP server")]
    NotSmtp,
    #[error("the SMTP server does not support SMTPUTF8, which the address requires")]
    NoUtf8,
    #[error("the address is not valid in an SMTP envelope")]
    Address,
    #[error("the token is not valid in a link")]
    Token,
    #[error("the template does not start with a subject and a preview")]
    Heading,
    #[error("invalid template: {0}")]
    Template(minijinja::Error),
}

impl Failure {
    /// Returns `true` if no later attempt can succeed.
    ///
    /// Failures up to and including `MAIL` are caused by the SMTP server or the settings, such as
    /// the sender address, and both can change. This also applies to replies that require
    /// authentication (530, 534, 535, 538).
    fn is_permanent(&self) -> bool {
        match &self.cause {
            Cause::Reply { code, .. } => {
                let is_about_mail =
                    matches!(self.stage, Stage::Recipient | Stage::Data | Stage::Delivery);
                is_about_mail && (500..600).contains(code) && !matches!(code, 530 | 534 | 535 | 538)
            }
            Cause::NoUtf8 | Cause::Address | Cause::Token | Cause::Heading | Cause::Template(_) => {
                true
            }
            Cause::Timeout
            | Cause::Io(_)
            | Cause::Tls(_)
            | Cause::NoStartTls
            | Cause::NoMechanism
            | Cause::NotSmtp => false,
        }
    }

    /// Returns `true` if the connection can be reused, because the SMTP server rejected a command
    /// and the session is still consistent.
    pub(crate) fn keeps_connection(&self) -> bool {
        match &self.cause {
            Cause::Reply { code, .. } => (400..600).contains(code) && *code != 421,
            Cause::NoUtf8 => true,
            _ => false,
        }
    }
}

impl From<Failure> for MailError {
    fn from(failure: Failure) -> Self {
        if failure.is_permanent() {
            Self::Permanent(failure.into())
        } else {
            Self::Transient(failure.into())
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writing => "writing the mail",
            Self::Resolving => "resolving the host",
            Self::Connecting => "connecting",
            Self::Tls => "TLS handshake",
            Self::Greeting => "waiting for the greeting",
            Self::Hello => "at EHLO",
            Self::StartTls => "at STARTTLS",
            Self::SignIn => "at AUTH",
            Self::Sender => "at MAIL FROM",
            Self::Recipient => "at RCPT TO",
            Self::Data => "at DATA",
            Self::Delivery => "sending the mail",
        })
    }
}

/// Sanitizes the text of an SMTP reply for logs: one line, limited in length, without secrets and
/// without the recipient, which SMTP servers often repeat.
pub(crate) fn sanitize_reply(reply: &str, secrets: &[&str], recipient: &str) -> String {
    let mut text = reply.to_owned();
    // Secrets first: one that contains the address would not be found after its redaction.
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[removed]");
    }
    let text = redact_address(&text, recipient);
    let line: Vec<&str> =
        text.split(|c: char| c.is_control() || c == ' ').filter(|w| !w.is_empty()).collect();
    line.join(" ").chars().take(MAX_REPLY_CHARACTERS).collect()
}

/// Replaces an address, ignoring case.
fn redact_address(text: &str, address: &str) -> String {
    let (mut redacted, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        if let Some(after) = strip_prefix_ignore_case(rest, address) {
            redacted.push_str("[recipient]");
            rest = after;
        } else {
            redacted.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    redacted
}

/// Strips a prefix that is not empty, ignoring case. Case conversion can change the length of a
/// text, so characters are compared one by one.
fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for expected in prefix.chars() {
        let lower = expected.to_lowercase();
        let same = |found: char| found == expected || found.to_lowercase().eq(lower.clone());
        rest.next().filter(|found| same(*found))?;
    }
    (!prefix.is_empty()).then_some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(stage: Stage, code: u16) -> Failure {
        let cause = Cause::Reply { code, text: "no".to_owned() };
        Failure { server: "smtp:25".to_owned(), stage, cause }
    }

    #[test]
    fn only_a_rejected_mail_is_a_permanent_failure() {
        for stage in [Stage::Recipient, Stage::Data, Stage::Delivery] {
            for code in [500, 550, 552, 553, 554, 571] {
                assert!(reply(stage, code).is_permanent(), "{stage:?} {code}");
            }
            for code in [421, 450, 451, 452, 530, 534, 535, 538, 250, 354] {
                assert!(!reply(stage, code).is_permanent(), "{stage:?} {code}");
            }
        }
        for stage in [Stage::Greeting, Stage::Hello, Stage::StartTls, Stage::SignIn, Stage::Sender]
        {
            for code in [421, 454, 500, 502, 535, 550, 554] {
                assert!(!reply(stage, code).is_permanent(), "{stage:?} {code}");
            }
        }
    }

    #[test]
    fn only_a_rejected_command_keeps_the_connection() {
        assert!(reply(Stage::Recipient, 550).keeps_connection());
        assert!(reply(Stage::Recipient, 451).keeps_connection());
        assert!(!reply(Stage::Recipient, 421).keeps_connection());
        // An unexpected success: replies no longer match their commands.
        assert!(!reply(Stage::Data, 250).keeps_connection());
    }

    #[test]
    fn a_reply_is_sanitized() {
        let anna = "anna@example.com";
        assert_eq!(sanitize_reply("no\r\nsuch\tuser\u{1b}[1m \0", &[], anna), "no such user [1m");
        assert_eq!(sanitize_reply(&"ä".repeat(500), &[], anna).chars().count(), 200);
        assert_eq!(
            sanitize_reply("bad line AUTH PLAIN AHNlY3JldA==", &["AHNlY3JldA==", ""], anna),
            "bad line AUTH PLAIN [removed]"
        );
    }

    #[test]
    fn the_recipient_is_removed_from_a_reply() {
        for (reply, address, expected) in [
            ("<anna@example.com>: unknown", "anna@example.com", "<[recipient]>: unknown"),
            ("ANNA@Example.COM anna@example.com", "Anna@example.com", "[recipient] [recipient]"),
            ("no ZOË@xn--bcher-kva.example", "zoë@xn--bcher-kva.example", "no [recipient]"),
            // A letter whose lower case is longer.
            ("İ@example.com İ", "İ@example.com", "[recipient] İ"),
            ("anna@example.org, anna@exam", "anna@example.com", "anna@example.org, anna@exam"),
            ("anything", "", "anything"),
        ] {
            assert_eq!(sanitize_reply(reply, &[], address), expected);
        }
        // A secret that contains the address is removed completely. Truncation happens last.
        let password = "anna@example.com-1";
        assert_eq!(sanitize_reply(password, &[password], "anna@example.com"), "[removed]");
        let long = format!("{}anna@example.com", "x".repeat(195));
        assert_eq!(sanitize_reply(&long, &[], "anna@example.com")[195..], *"[reci");
    }
}
