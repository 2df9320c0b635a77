//! Handing messages to a relay.

use std::sync::Arc;

use async_trait::async_trait;

use crate::error::BoxError;
use crate::mail::Message;
use crate::relay::Relay;

/// Hands messages over.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a message over, or says within a bounded time that it could not.
    ///
    /// The same `message.id` may arrive twice; both copies then carry the same `Message-ID`.
    async fn send(&self, message: &Message) -> Result<Receipt, MailError>;

    /// Goes as far as it would before a message, signing in included, and hands nothing over.
    async fn greet(&self) -> Result<(), MailError>;
}

/// Makes mailers for relays that are described while the service runs.
#[cfg_attr(test, mockall::automock)]
pub trait Mailers: Send + Sync {
    /// Prepares to send through a relay; connects to nothing yet.
    ///
    /// # Errors
    /// The cause, when this machine cannot speak to such a relay at all.
    fn mailer(&self, relay: &Relay) -> Result<Arc<dyn Mailer>, BoxError>;

    /// The same for somebody who waits for the outcome: it gives up within ten seconds.
    ///
    /// # Errors
    /// As for [`Mailers::mailer`].
    fn trial(&self, relay: &Relay) -> Result<Arc<dyn Mailer>, BoxError>;
}

/// A relay has taken responsibility for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What the relay said.
    pub reply: String,
}

/// Why a message was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It may work later: the relay is away, busy or misconfigured.
    #[error("the mail could not be handed over for now")]
    Transient(#[source] BoxError),
    /// It will never work: the relay refuses this message or this recipient.
    #[error("the mail was refused")]
    Permanent(#[source] BoxError),
}
