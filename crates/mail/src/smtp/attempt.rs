//! An attempt to send a mail, with one deadline for all steps.
//!
//! The steps use mail-send, but not its `connect`, because that waits for the greeting without a
//! timeout, does not disable Nagle's algorithm, and does not return the capabilities of the server.

use std::future::Future;
use std::time::Duration;

use mail_send::smtp::AssertReply;
use mail_send::smtp::message::Parameters;
use mail_send::{Credentials, Error, SmtpClient};
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN, EXT_SMTP_UTF8, EXT_START_TLS};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use vestibule_domain::model::email::{EmailAddress, MAX_EMAIL_BYTES};
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::model::smtp_settings::SmtpSettings;
use vestibule_domain::ports::Receipt;
use zeroize::Zeroizing;

use crate::failure::{Cause, Failure, Stage, sanitize_reply};

/// Maximum time for the check of an idle connection.
const MAX_RESET: Duration = Duration::from_secs(5);
/// `Password:` in base64, the challenge for the password in LOGIN.
const PASSWORD_CHALLENGE: &str = "UGFzc3dvcmQ6";

/// The SMTP server and everything that is needed to connect.
pub(super) struct Server {
    pub(super) settings: SmtpSettings,
    /// Encryption for `settings.security`.
    pub(super) encryption: Encryption,
    pub(super) helo: String,
}

/// The encryption of connections.
pub(super) enum Encryption {
    StartTls(TlsConnector),
    Tls(TlsConnector),
    None,
}

/// An authenticated connection that is ready to send mails.
pub(super) struct Connection {
    client: SmtpClient<Box<dyn Stream>>,
    supports_utf8: bool,
    /// Number of attempted mails.
    pub(super) mails: u32,
}

/// A plain or encrypted stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Sender and recipient of a mail, validated for use in SMTP commands.
pub(super) struct Envelope<'a> {
    from: &'a str,
    to: &'a str,
    needs_utf8: bool,
}

/// An attempt to send a mail.
pub(super) struct Attempt<'a> {
    server: &'a Server,
    deadline: Instant,
    timeout: Duration,
    /// Secret in the mail, which SMTP servers may repeat if they reject the link.
    token: Option<&'a str>,
    /// Address of the recipient, which SMTP servers may repeat in replies, and which must not get
    /// into logs and the store. Empty without a mail.
    recipient: &'a str,
}

impl Server {
    /// Returns `host:port`.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.settings.host.as_str(), self.settings.port)
    }
}

impl<'a> Envelope<'a> {
    pub(super) fn new(from: &'a EmailAddress, to: &'a EmailAddress) -> Result<Self, Cause> {
        let (from, to) = (from.as_str(), to.as_str());
        if !fits_envelope(from) || !fits_envelope(to) {
            return Err(Cause::Address);
        }
        Ok(Self { from, to, needs_utf8: !from.is_ascii() || !to.is_ascii() })
    }
}

/// Returns `true` if an address is safe between `<` and `>` in a command. mail-send does not check
/// it.
fn fits_envelope(address: &str) -> bool {
    address.len() <= MAX_EMAIL_BYTES
        && address
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.is_ascii())
        && !address.chars().any(|c| c.is_control() || c.is_whitespace() || c == '<' || c == '>')
}

impl<'a> Attempt<'a> {
    pub(super) fn new(server: &'a Server, message: &'a Message, timeout: Duration) -> Self {
        let token = match &message.content {
            Content::ResetLink { token, .. } => Some(token.expose()),
            Content::Welcome
            | Content::PasswordChanged { .. }
            | Content::PasswordDisabled { .. }
            | Content::SignInAfterFailures { .. }
            | Content::RefreshTokenReused { .. }
            | Content::Test => None,
        };
        let recipient = message.to.as_str();
        let deadline = Instant::now() + timeout;
        Self { server, deadline, timeout, token, recipient }
    }

    /// Creates an attempt that only connects.
    pub(super) fn without_mail(server: &'a Server, timeout: Duration) -> Self {
        let deadline = Instant::now() + timeout;
        Self { server, deadline, timeout, token: None, recipient: "" }
    }

    pub(super) fn failure(&self, stage: Stage, cause: Cause) -> Failure {
        Failure { server: self.server.name(), stage, cause }
    }

    /// Opens a connection, encrypted as the settings require, and authenticates.
    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        let client = self.open_tcp().await?;
        let mut client = match &self.server.encryption {
            Encryption::None => boxed(self.read_greeting(client).await?),
            Encryption::Tls(connector) => {
                let encrypted = client.into_tls(connector, self.server.settings.host.as_str());
                let client = self.step(Stage::Tls, encrypted).await?;
                boxed(self.read_greeting(client).await?)
            }
            Encryption::StartTls(connector) => {
                let mut client = self.read_greeting(client).await?;
                let capabilities = self.step(Stage::Hello, client.ehlo(&self.server.helo)).await?;
                if !capabilities.has_capability(EXT_START_TLS) {
                    return Err(self.failure(Stage::StartTls, Cause::NoStartTls));
                }
                let encrypted = client.start_tls(connector, self.server.settings.host.as_str());
                boxed(self.step(Stage::StartTls, encrypted).await?)
            }
        };
        // An attacker may have changed the capabilities before TLS, so they are requested again.
        let mut capabilities = self.step(Stage::Hello, client.ehlo(&self.server.helo)).await?;
        if let Some(account) = &self.server.settings.credentials {
            // mail-send would start other mechanisms that it cannot complete.
            let supported = capabilities.auth_mechanisms & (AUTH_PLAIN | AUTH_LOGIN);
            capabilities.auth_mechanisms =
                if supported & AUTH_PLAIN == 0 { supported } else { AUTH_PLAIN };
            let credentials = Credentials::new(account.username(), account.password().expose());
            self.step(Stage::SignIn, client.authenticate(&credentials, &capabilities)).await?;
        }
        let supports_utf8 = capabilities.has_capability(EXT_SMTP_UTF8);
        Ok(Connection { client, supports_utf8, mails: 0 })
    }

    async fn open_tcp(&self) -> Result<SmtpClient<TcpStream>, Failure> {
        let SmtpSettings { host, port, .. } = &self.server.settings;
        let address = (host.as_str(), port.get());
        let resolved = async { Ok(lookup_host(address).await?.collect::<Vec<_>>()) };
        let addresses = self.step(Stage::Resolving, resolved).await?;
        let connected = async { Ok(TcpStream::connect(addresses.as_slice()).await?) };
        let stream = self.step(Stage::Connecting, connected).await?;
        // Nagle's algorithm would delay the last small packet of a mail until the delayed
        // acknowledgement of the SMTP server, about 40 ms.
        stream
            .set_nodelay(true)
            .map_err(|source| self.failure(Stage::Connecting, Cause::Io(source)))?;
        Ok(SmtpClient { stream, timeout: self.timeout })
    }

    async fn read_greeting<S: Stream>(
        &self,
        mut client: SmtpClient<S>,
    ) -> Result<SmtpClient<S>, Failure> {
        let greeting = async { client.read().await?.assert_positive_completion() };
        self.step(Stage::Greeting, greeting).await?;
        Ok(client)
    }

    /// Resets an idle connection; returns `false` if it does not work any more.
    pub(super) async fn reset(&self, connection: &mut Connection) -> bool {
        let limit = MAX_RESET.min(self.timeout / 4);
        matches!(timeout(limit, connection.client.rset()).await, Ok(Ok(())))
    }

    /// Sends a mail over the connection.
    pub(super) async fn send(
        &self,
        connection: &mut Connection,
        envelope: &Envelope<'_>,
        bytes: &[u8],
    ) -> Result<Receipt, Failure> {
        connection.mails += 1;
        let mut parameters = Parameters::new();
        if envelope.needs_utf8 {
            if !connection.supports_utf8 {
                return Err(self.failure(Stage::Recipient, Cause::NoUtf8));
            }
            parameters.add("SMTPUTF8");
        }
        let client = &mut connection.client;
        self.step(Stage::Sender, client.mail_from(envelope.from, &parameters)).await?;
        self.step(Stage::Recipient, client.rcpt_to(envelope.to, &Parameters::new())).await?;
        let data = async { client.cmd("DATA\r\n").await?.assert_code(354) };
        self.step(Stage::Data, data).await?;
        let accepted = async {
            client.write_message(bytes).await?;
            client.read().await?.into_positive_completion()
        };
        let reply = self.step(Stage::Delivery, accepted).await?;
        Ok(Receipt { reply: format!("{} {}", reply.code, self.sanitize(&reply.message)) })
    }

    /// Runs a step until the deadline.
    async fn step<T>(
        &self,
        stage: Stage,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        match timeout_at(self.deadline, work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failure(stage, self.cause(error))),
            Err(_) => Err(self.failure(stage, Cause::Timeout)),
        }
    }

    fn cause(&self, error: Error) -> Cause {
        match error {
            Error::UnexpectedReply(reply) | Error::AuthenticationFailed(reply) => {
                let [class, subject, detail] = reply.esc;
                let text = self.sanitize(&reply.message);
                let text =
                    if class == 0 { text } else { format!("{class}.{subject}.{detail} {text}") };
                Cause::Reply { code: reply.code, text }
            }
            Error::Io(source) => Cause::Io(source),
            Error::Tls(source) => Cause::Tls(*source),
            Error::Timeout => Cause::Timeout,
            Error::MissingStartTls => Cause::NoStartTls,
            Error::UnsupportedAuthMechanism => Cause::NoMechanism,
            // mail-send reports the end of the stream as an unparseable reply. The other errors
            // concern messages and names that are validated before.
            Error::UnparseableReply
            | Error::Base64(_)
            | Error::Auth(_)
            | Error::InvalidTLSName
            | Error::MissingCredentials
            | Error::MissingMailFrom
            | Error::MissingRcptTo => Cause::NotSmtp,
        }
    }

    fn sanitize(&self, reply: &str) -> String {
        let mut secrets = Vec::from_iter(self.token);
        let encoded: [Zeroizing<String>; 2];
        if let Some(account) = &self.server.settings.credentials {
            let credentials = Credentials::new(account.username(), account.password().expose());
            let encode = |mechanism, challenge| {
                Zeroizing::new(credentials.encode(mechanism, challenge).unwrap_or_default())
            };
            encoded = [encode(AUTH_PLAIN, ""), encode(AUTH_LOGIN, PASSWORD_CHALLENGE)];
            secrets.extend(encoded.iter().map(|text| text.as_str()));
            secrets.push(account.password().expose());
        }
        sanitize_reply(reply, &secrets, self.recipient)
    }
}

fn boxed<S: Stream + 'static>(client: SmtpClient<S>) -> SmtpClient<Box<dyn Stream>> {
    SmtpClient { stream: Box::new(client.stream), timeout: client.timeout }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_could_inject_commands_are_rejected() {
        for address in ["a@example.com", "zoë@xn--bcher-kva.example", "o'neil+x@example.com"] {
            assert!(fits_envelope(address), "{address}");
        }
        for address in [
            "",
            "a",
            "@example.com",
            "a@b>\r\nRCPT TO:<x@y",
            "a b@example.com",
            "<a@example.com>",
            "a@bücher.example",
            "a\0@example.com",
            "a\u{85}@example.com",
            "a\u{2028}@example.com",
            "a@example.com\n",
            "a\u{a0}b@example.com",
        ] {
            assert!(!fits_envelope(address), "{address:?}");
        }
        assert!(!fits_envelope(&format!("{}@example.com", "a".repeat(250))));
    }
}
