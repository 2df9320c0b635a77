//! One attempt to hand over one mail, step by step against one deadline.
//!
//! The steps are mail-send's; the order is ours, because its own `connect` waits for a greeting
//! without end, leaves Nagle's algorithm on, and does not tell what the relay offers.

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
use vestibule_domain::email::{EmailAddress, MAX_EMAIL_BYTES};
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::ports::Receipt;
use vestibule_domain::relay::Relay;
use zeroize::Zeroizing;

use crate::failure::{Cause, Failure, Stage, readable};

/// How long a kept connection may take to prove that it is alive.
const MAX_RESET: Duration = Duration::from_secs(5);
/// `Password:` in base64, the question to which LOGIN answers with the password.
const PASSWORD_CHALLENGE: &str = "UGFzc3dvcmQ6";

/// Where to connect to, and all that is needed to get through to it.
pub(super) struct Target {
    pub(super) relay: Relay,
    /// As `relay.security` demands it.
    pub(super) encryption: Encryption,
    pub(super) helo: String,
}

pub(super) enum Encryption {
    StartTls(TlsConnector),
    Tls(TlsConnector),
    None,
}

/// A connection on which a mail can be handed over.
pub(super) struct Connection {
    client: SmtpClient<Box<dyn Stream>>,
    carries_utf8: bool,
    /// How many mails were tried on it.
    pub(super) mails: u32,
}

/// Plain or encrypted: from `MAIL` on it makes no difference.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Who a mail is from and to, fit to be written into commands as they are.
pub(super) struct Envelope<'a> {
    from: &'a str,
    to: &'a str,
    needs_utf8: bool,
}

/// One attempt to hand over one mail.
pub(super) struct Attempt<'a> {
    target: &'a Target,
    ends: Instant,
    deadline: Duration,
    /// The secret in the mail, which a relay might quote when it dislikes the link.
    token: Option<&'a str>,
    /// Who the mail is for, which relays quote: their replies end up in logs and in the store. Empty
    /// without a mail.
    recipient: &'a str,
}

impl Target {
    /// `host:port`, for people.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.relay.host.as_str(), self.relay.port)
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

/// Whether an address can stand between `<` and `>` in a command: mail-send writes it unchecked.
fn fits_envelope(address: &str) -> bool {
    address.len() <= MAX_EMAIL_BYTES
        && address
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.is_ascii())
        && !address.chars().any(|c| c.is_control() || c.is_whitespace() || c == '<' || c == '>')
}

impl<'a> Attempt<'a> {
    pub(super) fn new(target: &'a Target, message: &'a Message, deadline: Duration) -> Self {
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
        Self { target, ends: Instant::now() + deadline, deadline, token, recipient }
    }

    /// An attempt that stops before a mail.
    pub(super) fn without_mail(target: &'a Target, deadline: Duration) -> Self {
        Self { target, ends: Instant::now() + deadline, deadline, token: None, recipient: "" }
    }

    pub(super) fn failure(&self, stage: Stage, cause: Cause) -> Failure {
        Failure { relay: self.target.name(), stage, cause }
    }

    /// Opens a connection, as protected as the settings demand, and signs in.
    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        let client = self.call().await?;
        let mut client = match &self.target.encryption {
            Encryption::None => boxed(self.greeted(client).await?),
            Encryption::Tls(connector) => {
                let encrypted = client.into_tls(connector, self.target.relay.host.as_str());
                let client = self.step(Stage::Tls, encrypted).await?;
                boxed(self.greeted(client).await?)
            }
            Encryption::StartTls(connector) => {
                let mut client = self.greeted(client).await?;
                let offers = self.step(Stage::Hello, client.ehlo(&self.target.helo)).await?;
                if !offers.has_capability(EXT_START_TLS) {
                    return Err(self.failure(Stage::StartTls, Cause::NoStartTls));
                }
                let encrypted = client.start_tls(connector, self.target.relay.host.as_str());
                boxed(self.step(Stage::StartTls, encrypted).await?)
            }
        };
        // What was offered before TLS may have been written by anybody: ask again.
        let mut offers = self.step(Stage::Hello, client.ehlo(&self.target.helo)).await?;
        if let Some(account) = &self.target.relay.credentials {
            // mail-send would begin an exchange it cannot finish with anything else.
            let known = offers.auth_mechanisms & (AUTH_PLAIN | AUTH_LOGIN);
            offers.auth_mechanisms = if known & AUTH_PLAIN == 0 { known } else { AUTH_PLAIN };
            let credentials = Credentials::new(account.username(), account.password().expose());
            self.step(Stage::SignIn, client.authenticate(&credentials, &offers)).await?;
        }
        let carries_utf8 = offers.has_capability(EXT_SMTP_UTF8);
        Ok(Connection { client, carries_utf8, mails: 0 })
    }

    async fn call(&self) -> Result<SmtpClient<TcpStream>, Failure> {
        let Relay { host, port, .. } = &self.target.relay;
        let relay = (host.as_str(), port.get());
        let found = async { Ok(lookup_host(relay).await?.collect::<Vec<_>>()) };
        let addresses = self.step(Stage::Resolving, found).await?;
        let connected = async { Ok(TcpStream::connect(addresses.as_slice()).await?) };
        let stream = self.step(Stage::Connecting, connected).await?;
        // A mail ends with a small packet; with Nagle's algorithm it waits for the relay's
        // delayed acknowledgement, some 40 ms.
        stream
            .set_nodelay(true)
            .map_err(|source| self.failure(Stage::Connecting, Cause::Io(source)))?;
        Ok(SmtpClient { stream, timeout: self.deadline })
    }

    async fn greeted<S: Stream>(
        &self,
        mut client: SmtpClient<S>,
    ) -> Result<SmtpClient<S>, Failure> {
        let greeting = async { client.read().await?.assert_positive_completion() };
        self.step(Stage::Greeting, greeting).await?;
        Ok(client)
    }

    /// Brings a kept connection back to where a mail can begin; `false` if it does not answer.
    pub(super) async fn reset(&self, connection: &mut Connection) -> bool {
        let limit = MAX_RESET.min(self.deadline / 4);
        matches!(timeout(limit, connection.client.rset()).await, Ok(Ok(())))
    }

    /// Hands the mail over: one sender, one recipient, one body.
    pub(super) async fn hand_over(
        &self,
        connection: &mut Connection,
        envelope: &Envelope<'_>,
        bytes: &[u8],
    ) -> Result<Receipt, Failure> {
        connection.mails += 1;
        let mut parameters = Parameters::new();
        if envelope.needs_utf8 {
            if !connection.carries_utf8 {
                return Err(self.failure(Stage::Recipient, Cause::NoUtf8));
            }
            parameters.add("SMTPUTF8");
        }
        let client = &mut connection.client;
        self.step(Stage::Sender, client.mail_from(envelope.from, &parameters)).await?;
        self.step(Stage::Recipient, client.rcpt_to(envelope.to, &Parameters::new())).await?;
        let invited = async { client.cmd("DATA\r\n").await?.assert_code(354) };
        self.step(Stage::Data, invited).await?;
        let taken = async {
            client.write_message(bytes).await?;
            client.read().await?.into_positive_completion()
        };
        let reply = self.step(Stage::Delivery, taken).await?;
        Ok(Receipt { reply: format!("{} {}", reply.code, self.readable(&reply.message)) })
    }

    /// Takes a step unless the deadline comes first.
    async fn step<T>(
        &self,
        stage: Stage,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        match timeout_at(self.ends, work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failure(stage, self.cause(error))),
            Err(_) => Err(self.failure(stage, Cause::Timeout)),
        }
    }

    fn cause(&self, error: Error) -> Cause {
        match error {
            Error::UnexpectedReply(reply) | Error::AuthenticationFailed(reply) => {
                let [class, subject, detail] = reply.esc;
                let text = self.readable(&reply.message);
                let text =
                    if class == 0 { text } else { format!("{class}.{subject}.{detail} {text}") };
                Cause::Reply { code: reply.code, text }
            }
            Error::Io(source) => Cause::Io(source),
            Error::Tls(source) => Cause::Tls(*source),
            Error::Timeout => Cause::Timeout,
            Error::MissingStartTls => Cause::NoStartTls,
            Error::UnsupportedAuthMechanism => Cause::NoMechanism,
            // Also what mail-send calls the end of the stream. The others concern messages it
            // builds itself and names it parses; ours are checked before.
            Error::UnparseableReply
            | Error::Base64(_)
            | Error::Auth(_)
            | Error::InvalidTLSName
            | Error::MissingCredentials
            | Error::MissingMailFrom
            | Error::MissingRcptTo => Cause::NotSmtp,
        }
    }

    fn readable(&self, reply: &str) -> String {
        let mut secrets = Vec::from_iter(self.token);
        let encoded: [Zeroizing<String>; 2];
        if let Some(account) = &self.target.relay.credentials {
            let credentials = Credentials::new(account.username(), account.password().expose());
            let encode = |mechanism, challenge| {
                Zeroizing::new(credentials.encode(mechanism, challenge).unwrap_or_default())
            };
            encoded = [encode(AUTH_PLAIN, ""), encode(AUTH_LOGIN, PASSWORD_CHALLENGE)];
            secrets.extend(encoded.iter().map(|text| text.as_str()));
            secrets.push(account.password().expose());
        }
        readable(reply, &secrets, self.recipient)
    }
}

fn boxed<S: Stream + 'static>(client: SmtpClient<S>) -> SmtpClient<Box<dyn Stream>> {
    SmtpClient { stream: Box::new(client.stream), timeout: client.timeout }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_holds_one_address_and_nothing_else() {
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
