//! Hands mails to a relay over SMTP.
//!
//! A mail has one deadline for everything, from the first look at DNS to the last reply. One
//! connection is kept for the next mail; whether it still works is asked before anything is
//! entrusted to it, so a connection that died meanwhile loses nothing and repeats nothing.

mod attempt;
mod tls;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use vestibule_domain::mail::Message;
use vestibule_domain::ports::{MailError, Mailer, Receipt};
use vestibule_locales::Locales;

use self::attempt::{Attempt, Connection, Encryption, Envelope, Relay};
use crate::failure::{Failure, Stage};
use crate::letterhead::Letterhead;
use crate::render::{Renderer, Route};
use crate::settings::{Security, SettingsError, SmtpSettings};

const DEADLINE: Duration = Duration::from_secs(30);
/// Shorter than any relay's patience, and than what routers in between remember.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// Relays commonly hang up after a hundred.
const MAX_MAILS_PER_CONNECTION: u32 = 50;

/// Hands mails to a relay.
///
/// Signs in with PLAIN or LOGIN; older mechanisms add nothing inside TLS. Certificates are always
/// checked, against the system's trust anchors and the configured one.
pub struct SmtpMailer {
    relay: Relay,
    renderer: Renderer,
    deadline: Duration,
    idle: Mutex<Option<Idle>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl SmtpMailer {
    /// Prepares to send; nothing is connected to yet.
    ///
    /// Reads the system's trust anchors from disk if they are needed.
    ///
    /// # Errors
    /// [`SettingsError`] for settings that cannot work whatever the relay says.
    pub fn new(
        settings: SmtpSettings,
        letterhead: Letterhead,
        locales: Locales,
    ) -> Result<Self, SettingsError> {
        settings.check()?;
        let encryption = match settings.security {
            Security::StartTls => {
                Encryption::StartTls(tls::connector(settings.ca_file.as_deref())?)
            }
            Security::Tls => Encryption::Tls(tls::connector(settings.ca_file.as_deref())?),
            Security::None => Encryption::None,
        };
        let relay = format!("{}:{}", settings.host, settings.port);
        let route = Route::Relay { relay, security: settings.security };
        let helo = letterhead.helo().to_owned();
        let SmtpSettings { from_name, from_address, .. } = settings;
        Ok(Self {
            renderer: Renderer::new(letterhead, locales, from_name, from_address, route)?,
            relay: Relay {
                host: settings.host,
                port: settings.port,
                encryption,
                credentials: settings.username.zip(settings.password),
                helo,
            },
            deadline: DEADLINE,
            idle: Mutex::new(None),
        })
    }

    /// Replaces the 30 seconds a mail may take in all.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    async fn deliver(&self, message: &Message) -> Result<Receipt, Failure> {
        let attempt = Attempt::new(&self.relay, message, self.deadline);
        let unwritten = |cause| attempt.failure(Stage::Writing, cause);
        let letter = self.renderer.letter(message).map_err(unwritten)?;
        let envelope = Envelope::new(self.renderer.sender(), &message.to).map_err(unwritten)?;

        let mut connection = match self.idle_connection(&attempt).await {
            Some(connection) => connection,
            None => attempt.connect().await?,
        };
        let outcome = attempt.hand_over(&mut connection, &envelope, &letter.bytes).await;
        let in_step = outcome.as_ref().err().is_none_or(Failure::spares_connection);
        if in_step && connection.mails < MAX_MAILS_PER_CONNECTION {
            *self.slot() = Some(Idle { connection, since: Instant::now() });
        }
        outcome
    }

    /// The connection of the mail before, if it is young enough and still answers.
    async fn idle_connection(&self, attempt: &Attempt<'_>) -> Option<Connection> {
        let Idle { mut connection, since } = self.slot().take()?;
        let usable = since.elapsed() < MAX_IDLE && attempt.reset(&mut connection).await;
        usable.then_some(connection)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Idle>> {
        // Nothing can panic while the slot is held; and if it did, the slot would still be whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        Ok(self.deliver(message).await?)
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("host", &self.relay.host)
            .field("port", &self.relay.port)
            .finish_non_exhaustive()
    }
}
