//! What went wrong with a mail, whose fault it is, and what to do about it.
//!
//! A reply of the relay is never inspected beyond its code. It is kept for people to read: without
//! control characters, cut to a readable length, and without the secrets and the address it may
//! repeat.

mod hints;

use std::fmt;
use std::io;

use vestibule_domain::ports::MailError;

pub use hints::describe;

const MAX_REPLY_CHARACTERS: usize = 200;

/// Where in a delivery something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Writing the mail, before anybody is called.
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
    /// The mail itself, up to the reply that takes responsibility for it.
    Delivery,
}

/// A mail that was not handed over.
#[derive(Debug, thiserror::Error)]
#[error("{relay}, {stage}: {cause}")]
pub(crate) struct Failure {
    /// `host:port`, or the directory of kept mails.
    pub(crate) relay: String,
    pub(crate) stage: Stage,
    pub(crate) cause: Cause,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("the relay answered {code} {text}")]
    Reply { code: u16, text: String },
    #[error("no answer in time")]
    Timeout,
    #[error("{0}")]
    Io(io::Error),
    #[error("{0}")]
    Tls(rustls::Error),
    #[error("the relay does not offer STARTTLS")]
    NoStartTls,
    #[error("the relay offers no way to sign in that we support (PLAIN, LOGIN)")]
    NoMechanism,
    #[error("the relay hung up, or does not speak SMTP")]
    NotSmtp,
    #[error("the relay cannot carry an address that is not in ASCII")]
    NoUtf8,
    #[error("the address cannot be put into an envelope")]
    Address,
    #[error("the token cannot be put into a link")]
    Token,
    #[error("a template does not begin with its heading")]
    Heading,
    #[error("a template is broken: {0}")]
    Template(minijinja::Error),
}

impl Failure {
    /// Whether no attempt will ever succeed.
    ///
    /// Up to and including `MAIL`, whatever happens is the doing of the relay or of the settings,
    /// the sender's address among them, and both can change. So can a relay's opinion that somebody
    /// has to sign in first (530, 534, 535, 538).
    fn is_permanent(&self) -> bool {
        match &self.cause {
            Cause::Reply { code, .. } => {
                let about_mail =
                    matches!(self.stage, Stage::Recipient | Stage::Data | Stage::Delivery);
                about_mail && (500..600).contains(code) && !matches!(code, 530 | 534 | 535 | 538)
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

    /// Whether the connection is still in step: the relay refused something in an orderly way.
    pub(crate) fn spares_connection(&self) -> bool {
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
            Self::Tls => "setting up TLS",
            Self::Greeting => "waiting for the greeting",
            Self::Hello => "at EHLO",
            Self::StartTls => "at STARTTLS",
            Self::SignIn => "at AUTH",
            Self::Sender => "at MAIL FROM",
            Self::Recipient => "at RCPT TO",
            Self::Data => "at DATA",
            Self::Delivery => "handing the mail over",
        })
    }
}

/// Makes a relay's reply fit for a log: one line, bounded, without any of the secrets, and without
/// the recipient, whom relays like to quote.
pub(crate) fn readable(reply: &str, secrets: &[&str], recipient: &str) -> String {
    let mut text = reply.to_owned();
    // Before the recipient: what is left of a secret that holds the address would not be found.
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[removed]");
    }
    let text = without_address(&text, recipient);
    let line: Vec<&str> =
        text.split(|c: char| c.is_control() || c == ' ').filter(|w| !w.is_empty()).collect();
    line.join(" ").chars().take(MAX_REPLY_CHARACTERS).collect()
}

/// Replaces an address, in whatever case a relay spells it.
fn without_address(text: &str, address: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        if let Some(after) = strip_prefix_in_any_case(rest, address) {
            kept.push_str("[recipient]");
            rest = after;
        } else {
            kept.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    kept
}

/// What follows a prefix that is not empty. Changing case can change lengths, so characters are
/// compared one by one.
fn strip_prefix_in_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for wanted in prefix.chars() {
        let same = |found: char| found == wanted || found.to_lowercase().eq(wanted.to_lowercase());
        rest.next().filter(|found| same(*found))?;
    }
    (!prefix.is_empty()).then_some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(stage: Stage, code: u16) -> Failure {
        let cause = Cause::Reply { code, text: "no".to_owned() };
        Failure { relay: "relay:25".to_owned(), stage, cause }
    }

    #[test]
    fn only_a_refused_mail_fails_for_good() {
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
    fn only_an_orderly_refusal_spares_the_connection() {
        assert!(reply(Stage::Recipient, 550).spares_connection());
        assert!(reply(Stage::Recipient, 451).spares_connection());
        assert!(!reply(Stage::Recipient, 421).spares_connection());
        // A success where none is due: the replies no longer belong to their commands.
        assert!(!reply(Stage::Data, 250).spares_connection());
    }

    #[test]
    fn a_reply_is_made_readable() {
        let anna = "anna@example.com";
        assert_eq!(readable("no\r\nsuch\tuser\u{1b}[1m \0", &[], anna), "no such user [1m");
        assert_eq!(readable(&"ä".repeat(500), &[], anna).chars().count(), 200);
        assert_eq!(
            readable("bad line AUTH PLAIN AHNlY3JldA==", &["AHNlY3JldA==", ""], anna),
            "bad line AUTH PLAIN [removed]"
        );
    }

    #[test]
    fn a_reply_does_not_name_the_recipient() {
        for (reply, address, expected) in [
            ("<anna@example.com>: unknown", "anna@example.com", "<[recipient]>: unknown"),
            ("ANNA@Example.COM anna@example.com", "Anna@example.com", "[recipient] [recipient]"),
            ("no ZOË@xn--bcher-kva.example", "zoë@xn--bcher-kva.example", "no [recipient]"),
            // One of the few letters whose lower case is longer.
            ("İ@example.com İ", "İ@example.com", "[recipient] İ"),
            ("anna@example.org, anna@exam", "anna@example.com", "anna@example.org, anna@exam"),
            ("anything", "", "anything"),
        ] {
            assert_eq!(readable(reply, &[], address), expected);
        }
        // A secret that holds the address goes as a whole, and nothing is cut off half way.
        let password = "anna@example.com-1";
        assert_eq!(readable(password, &[password], "anna@example.com"), "[removed]");
        let long = format!("{}anna@example.com", "x".repeat(195));
        assert_eq!(readable(&long, &[], "anna@example.com")[195..], *"[reci");
    }
}
