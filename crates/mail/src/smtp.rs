//! Delivery to an SMTP server.
//!
//! A mail has one deadline for all steps, from the DNS lookup to the last reply. The connection is
//! kept for the next mail and checked before it is reused, so a closed connection does not cause a
//! lost or duplicate mail.

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
use vestibule_domain::model::mail::Message;
use vestibule_domain::model::smtp_settings::{SenderName, SmtpSecurity, SmtpSettings};
use vestibule_domain::ports::{MailError, Mailer, Receipt};
use vestibule_locales::Locales;

use self::attempt::{Attempt, Connection, Encryption, Envelope, Server};
use crate::branding::Branding;
use crate::failure::{Failure, Stage};
use crate::render::{Renderer, Sender, Transport};
use crate::settings::SettingsError;

/// Default timeout of a mail.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum idle time of a connection, shorter than the timeouts of SMTP servers and NAT routers.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// Maximum number of mails per connection; many SMTP servers close it after a hundred.
const MAX_MAILS_PER_CONNECTION: u32 = 50;

/// A mailer that sends mails to an SMTP server.
///
/// It authenticates with PLAIN or LOGIN; within TLS, other mechanisms add no security. Certificates
/// are always verified with the trust anchors of the system and the configured one.
pub struct SmtpMailer {
    server: Server,
    renderer: Renderer,
    timeout: Duration,
    idle: Mutex<Option<Idle>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl SmtpMailer {
    /// Creates a mailer without connecting.
    ///
    /// The certificate of the SMTP server must be valid for its host. `ca_file` is an additional
    /// trust anchor in PEM; trust anchors are only read if they are needed. Without a sender name
    /// in the settings, the product name is used.
    ///
    /// # Errors
    /// [`SettingsError`] for invalid SMTP settings, trust anchors or templates.
    pub fn new(
        smtp: &SmtpSettings,
        ca_file: Option<&[u8]>,
        branding: Branding,
        locales: Locales,
    ) -> Result<Self, SettingsError> {
        smtp.check()?;
        // The domain does not depend on TLS, so the name in the certificate is checked here.
        if ServerName::try_from(smtp.host.as_str()).is_err() {
            return Err(SettingsError::Host);
        }
        let encryption = match smtp.security {
            SmtpSecurity::StartTls => Encryption::StartTls(tls::connector(ca_file)?),
            SmtpSecurity::Tls => Encryption::Tls(tls::connector(ca_file)?),
            SmtpSecurity::None => Encryption::None,
        };
        let name = smtp.from_name.as_ref().map_or(branding.product(), SenderName::as_str);
        let sender =
            Sender { name: name.to_owned(), address: smtp.from_address.as_str().to_owned() };
        let helo = branding.helo().to_owned();
        let server = Server { settings: smtp.clone(), encryption, helo };
        let transport = Transport::Smtp { server: server.name(), security: smtp.security };
        let renderer = Renderer::new(branding, locales, sender, transport)?;
        Ok(Self { server, renderer, timeout: TIMEOUT, idle: Mutex::new(None) })
    }

    /// Sets the timeout of a mail, which is 30 seconds by default.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    async fn deliver(&self, message: &Message) -> Result<Receipt, Failure> {
        let attempt = Attempt::new(&self.server, message, self.timeout);
        let not_written = |cause| attempt.failure(Stage::Writing, cause);
        let mail = self.renderer.render(message).map_err(not_written)?;
        let envelope =
            Envelope::new(&self.server.settings.from_address, &message.to).map_err(not_written)?;

        let mut connection = match self.idle_connection(&attempt).await {
            Some(connection) => connection,
            None => attempt.connect().await?,
        };
        let outcome = attempt.send(&mut connection, &envelope, &mail.bytes).await;
        let is_reusable = outcome.as_ref().err().is_none_or(Failure::keeps_connection);
        if is_reusable && connection.mails < MAX_MAILS_PER_CONNECTION {
            *self.slot() = Some(Idle { connection, since: Instant::now() });
        }
        outcome
    }

    /// Returns the connection of the previous mail if it is not idle for too long and still works.
    async fn idle_connection(&self, attempt: &Attempt<'_>) -> Option<Connection> {
        let Idle { mut connection, since } = self.slot().take()?;
        let usable = since.elapsed() < MAX_IDLE && attempt.reset(&mut connection).await;
        usable.then_some(connection)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Idle>> {
        // The slot is consistent even after a panic.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn greet(&self) -> Result<(), MailError> {
        let attempt = Attempt::without_mail(&self.server, self.timeout);
        attempt.connect().await?;
        Ok(())
    }

    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        let smtp = &self.server.settings;
        let span = info_span!(
            target: "traces",
            "SMTP delivery",
            otel.kind = "client",
            otel.status_code = Empty,
            server.address = smtp.host.as_str(),
            server.port = i64::from(smtp.port.get()),
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
        f.debug_struct("SmtpMailer").field("server", &self.server.name()).finish_non_exhaustive()
    }
}
