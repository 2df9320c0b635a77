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
use rustls::pki_types::ServerName;
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};
use vestibule_domain::mail::Message;
use vestibule_domain::ports::{MailError, Mailer, Receipt};
use vestibule_domain::relay::{Relay, RelaySecurity, SenderName};
use vestibule_locales::Locales;

use self::attempt::{Attempt, Connection, Encryption, Envelope, Target};
use crate::failure::{Failure, Stage};
use crate::letterhead::Letterhead;
use crate::render::{Renderer, Route, Sender};
use crate::settings::SettingsError;

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
    target: Target,
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
    /// The certificate of the relay must be valid for exactly its host. `ca_file` is a trust
    /// anchor besides the system's, as PEM; both are read only if they are needed. A relay without
    /// a sender's name sends under the product's.
    ///
    /// # Errors
    /// [`SettingsError`] for a relay that cannot work whatever it says, and for broken templates.
    pub fn new(
        relay: &Relay,
        ca_file: Option<&[u8]>,
        letterhead: Letterhead,
        locales: Locales,
    ) -> Result<Self, SettingsError> {
        relay.check()?;
        // The domain knows no TLS: whoever has to check the certificate has the last word.
        if ServerName::try_from(relay.host.as_str()).is_err() {
            return Err(SettingsError::Host);
        }
        let encryption = match relay.security {
            RelaySecurity::StartTls => Encryption::StartTls(tls::connector(ca_file)?),
            RelaySecurity::Tls => Encryption::Tls(tls::connector(ca_file)?),
            RelaySecurity::None => Encryption::None,
        };
        let name = relay.from_name.as_ref().map_or(letterhead.product(), SenderName::as_str);
        let sender =
            Sender { name: name.to_owned(), address: relay.from_address.as_str().to_owned() };
        let helo = letterhead.helo().to_owned();
        let target = Target { relay: relay.clone(), encryption, helo };
        let route = Route::Relay { relay: target.name(), security: relay.security };
        let renderer = Renderer::new(letterhead, locales, sender, route)?;
        Ok(Self { target, renderer, deadline: DEADLINE, idle: Mutex::new(None) })
    }

    /// Replaces the 30 seconds a mail may take in all.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    async fn deliver(&self, message: &Message) -> Result<Receipt, Failure> {
        let attempt = Attempt::new(&self.target, message, self.deadline);
        let unwritten = |cause| attempt.failure(Stage::Writing, cause);
        let letter = self.renderer.letter(message).map_err(unwritten)?;
        let envelope =
            Envelope::new(&self.target.relay.from_address, &message.to).map_err(unwritten)?;

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
    async fn greet(&self) -> Result<(), MailError> {
        let attempt = Attempt::without_mail(&self.target, self.deadline);
        attempt.connect().await?;
        Ok(())
    }

    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        let relay = &self.target.relay;
        let span = info_span!(
            target: "traces",
            "SMTP delivery",
            otel.kind = "client",
            otel.status_code = Empty,
            server.address = relay.host.as_str(),
            server.port = i64::from(relay.port.get()),
        );
        let outcome = self.deliver(message).instrument(span.clone()).await;
        if outcome.is_err() {
            span.record("otel.status_code", "error");
        }
        Ok(outcome?)
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer").field("relay", &self.target.name()).finish_non_exhaustive()
    }
}
