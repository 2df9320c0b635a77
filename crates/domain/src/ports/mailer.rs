//! Sending messages.

use std::sync::Arc;

use async_trait::async_trait;

use crate::error::BoxError;
use crate::model::mail::Message;
use crate::model::smtp_settings::SmtpSettings;

/// Sends messages.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a message, or fails within a bounded time.
    ///
    /// A message may be sent twice; both copies have the same `Message-ID`.
    async fn send(&self, message: &Message) -> Result<Receipt, MailError>;

    /// Connects and authenticates without sending a message.
    async fn greet(&self) -> Result<(), MailError>;
}

/// Creates mailers for SMTP settings that are saved at run time.
#[cfg_attr(test, mockall::automock)]
pub trait Mailers: Send + Sync {
    /// Creates a mailer, without connecting.
    ///
    /// # Errors
    /// The cause, if these settings cannot work on this machine.
    fn mailer(&self, smtp: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError>;

    /// Creates a mailer for a test mail, which times out within ten seconds.
    ///
    /// # Errors
    /// As for [`Mailers::mailer`].
    fn trial(&self, smtp: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError>;
}

/// The acceptance of a message by the SMTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The reply of the SMTP server.
    pub reply: String,
}

/// The reason why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Temporary: the SMTP server is unavailable, busy or misconfigured.
    #[error("the mail could not be sent, will retry")]
    Transient(#[source] BoxError),
    /// Permanent: the SMTP server refuses this message or recipient.
    #[error("the mail was refused")]
    Permanent(#[source] BoxError),
}
