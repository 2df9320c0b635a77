//! The configurable behaviour of the SMTP server.

use std::fmt;
use std::sync::Arc;

use super::certificate_authority::Certificate;

/// A stage of an SMTP session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before the greeting.
    Greeting,
    /// At `EHLO`.
    Hello,
    /// At `STARTTLS`, before TLS begins.
    StartTls,
    /// At `AUTH`.
    SignIn,
    /// At `MAIL FROM`.
    Mail,
    /// At `RCPT TO`.
    Recipient,
    /// At `DATA`.
    Data,
    /// After the final dot, before the reply to it.
    FinalDot,
    /// At `RSET`, with which a client checks a pooled connection.
    Reset,
}

impl Stage {
    /// The stages of a connection's first mail, in order.
    pub const ALL: [Self; 8] = [
        Self::Greeting,
        Self::Hello,
        Self::StartTls,
        Self::SignIn,
        Self::Mail,
        Self::Recipient,
        Self::Data,
        Self::FinalDot,
    ];
}

/// The behaviour of the SMTP server; a builder.
#[derive(Clone)]
pub struct Behaviour {
    pub(super) encryption: Encryption,
    pub(super) certificate: Certificate,
    pub(super) login: Option<(String, String)>,
    pub(super) mechanisms: String,
    pub(super) utf8: bool,
    pub(super) refused: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    pub(super) trouble: Option<Trouble>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    None,
    StartTls,
    Tls,
}

#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) stage: Stage,
    pub(super) kind: TroubleKind,
    /// Remaining occurrences; `None` for no limit.
    pub(super) left: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) enum TroubleKind {
    Stall,
    Cut,
    Answer(String),
}

impl Behaviour {
    /// Accepts all mail over an unencrypted connection, without authentication; offers 8BITMIME,
    /// but neither SMTPUTF8 nor STARTTLS.
    pub fn accept() -> Self {
        Self {
            encryption: Encryption::None,
            certificate: Certificate::Right,
            login: None,
            mechanisms: "PLAIN LOGIN".to_owned(),
            utf8: false,
            refused: Arc::new(|_| false),
            trouble: None,
        }
    }

    /// Offers STARTTLS.
    #[must_use]
    pub fn with_starttls(mut self) -> Self {
        self.encryption = Encryption::StartTls;
        self
    }

    /// Uses TLS from the first byte.
    #[must_use]
    pub fn with_tls(mut self) -> Self {
        self.encryption = Encryption::Tls;
        self
    }

    /// Presents this certificate.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Requires authentication as this user: 530 without credentials, 535 with wrong ones.
    #[must_use]
    pub fn with_login(mut self, username: &str, password: &str) -> Self {
        self.login = Some((username.to_owned(), password.to_owned()));
        self
    }

    /// Offers these mechanisms instead of `PLAIN LOGIN`; only those two are implemented.
    #[must_use]
    pub fn with_mechanisms(mut self, mechanisms: &str) -> Self {
        mechanisms.clone_into(&mut self.mechanisms);
        self
    }

    /// Offers SMTPUTF8.
    #[must_use]
    pub fn with_utf8(mut self) -> Self {
        self.utf8 = true;
        self
    }

    /// Replies 550 to the recipients for which this is true; they are passed without brackets.
    #[must_use]
    pub fn refusing(mut self, refused: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.refused = Arc::new(refused);
        self
    }

    /// Stops replying at this stage.
    #[must_use]
    pub fn stalling_at(self, stage: Stage) -> Self {
        self.troubled(stage, TroubleKind::Stall)
    }

    /// Closes the connection at this stage. After the final dot the mail counts as received.
    #[must_use]
    pub fn cutting_at(self, stage: Stage) -> Self {
        self.troubled(stage, TroubleKind::Cut)
    }

    /// Sends this reply, such as `451 4.7.1 come back later`, at this stage.
    ///
    /// Closes the connection after 421. After the final dot the mail counts as refused.
    #[must_use]
    pub fn answering_at(self, stage: Stage, reply: &str) -> Self {
        self.troubled(stage, TroubleKind::Answer(reply.to_owned()))
    }

    /// Limits the failure to this many occurrences.
    ///
    /// # Panics
    /// If no failure is configured.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.trouble.as_mut().expect("trouble that can be limited").left = Some(count);
        self
    }

    fn troubled(mut self, stage: Stage, kind: TroubleKind) -> Self {
        self.trouble = Some(Trouble { stage, kind, left: None });
        self
    }

    /// Returns the failure at a stage, and counts the occurrence.
    pub(super) fn take_trouble(&mut self, stage: Stage) -> Option<TroubleKind> {
        let trouble = self.trouble.as_mut().filter(|trouble| trouble.stage == stage)?;
        match &mut trouble.left {
            None => {}
            Some(0) => return None,
            Some(left) => *left -= 1,
        }
        Some(trouble.kind.clone())
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self::accept()
    }
}

impl fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behaviour")
            .field("encryption", &self.encryption)
            .field("certificate", &self.certificate)
            .field("login", &self.login.is_some())
            .field("utf8", &self.utf8)
            .field("trouble", &self.trouble)
            .finish_non_exhaustive()
    }
}
