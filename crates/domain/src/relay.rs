//! The relay that takes outgoing mail, as an administrator describes it.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU16;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::email::EmailAddress;

const MAX_HOST: usize = 253;
const MAX_NAME_CHARACTERS: usize = 64;
const MAX_CREDENTIAL_BYTES: usize = 512;

/// How to reach the relay, as whom, and who the mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Its name or address.
    pub host: RelayHost,
    /// Usually 587 with STARTTLS, 465 with TLS.
    pub port: NonZeroU16,
    /// How the connection is protected.
    pub security: RelaySecurity,
    /// Whom to sign in as, if anybody.
    pub credentials: Option<RelayCredentials>,
    /// The sender of every mail.
    pub from_address: EmailAddress,
    /// The sender's name; the product's if there is none.
    pub from_name: Option<SenderName>,
}

/// How the connection to a relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelaySecurity {
    /// Starts in the clear and changes to TLS before anything is said; never stays in the clear.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// No protection; credentials go to this machine only.
    None,
}

/// An account at a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayCredentials {
    username: String,
    password: RelayPassword,
}

/// A relay's host: a name or an address, without scheme, port or path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayHost(String);

/// The name mails come from: one line, 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderName(String);

/// A relay's password: does not print, and is wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayPassword(Zeroizing<String>);

/// Why a description of a relay cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// No host was given.
    #[error("the host is missing")]
    HostMissing,
    /// Neither a host name nor an address.
    #[error("the host is neither a name nor an address")]
    HostFormat,
    /// Not from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    PortRange,
    /// None of the known protections.
    #[error("the protection of the connection is not known")]
    Security,
    /// Empty, too long, or with a character that ends a line or turns text around.
    #[error("the sender's name is empty, too long, or not printable")]
    SenderName,
    /// Not in ASCII: a relay need not be able to carry it.
    #[error("the sender's address is not in ASCII")]
    SenderAddress,
    /// A user name without a password, the other way round, or one that is malformed.
    #[error("user name and password are not both given, or one is malformed")]
    Credentials,
    /// They would be readable on the network.
    #[error("credentials are not sent over an unencrypted connection to another machine")]
    UnencryptedCredentials,
    /// The password has to be given again, because it would go somewhere else.
    #[error("the password has to be given again")]
    PasswordAgain,
    /// The password has to be given again, because the key it was sealed with is gone.
    #[error("the saved password cannot be read any more")]
    PasswordLost,
}

/// A relay as it is kept: the password is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRelay {
    /// Everything but the credentials.
    pub relay: Relay,
    /// The account's name and its sealed password.
    pub sealed_credentials: Option<SealedCredentials>,
    /// When it was saved; names this version of the settings.
    pub saved_at: OffsetDateTime,
    /// What came of the latest test of this version.
    pub tested: Option<RelayTest>,
}

/// An account at a relay, with a password that only this installation can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCredentials {
    /// Its name.
    pub username: String,
    /// Its password, sealed.
    pub password: String,
}

/// What came of a test mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayTest {
    /// When it was sent.
    pub at: OffsetDateTime,
    /// To whom.
    pub to: EmailAddress,
    /// Whether a relay took it.
    pub succeeded: bool,
}

impl RelayHost {
    /// Reads a host.
    ///
    /// # Errors
    /// [`RelayError::HostMissing`], [`RelayError::HostFormat`].
    pub fn parse(text: &str) -> Result<Self, RelayError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(RelayError::HostMissing);
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let name = text.strip_suffix('.').unwrap_or(text);
        // Something like 10.0.0.256 is an address gone wrong, and no name ends in a number.
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|b| b.is_ascii_digit());
        let is_name = text.len() <= MAX_HOST && name.split('.').all(label) && !is_number;
        if is_name || text.parse::<IpAddr>().is_ok() {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(RelayError::HostFormat)
        }
    }

    /// The host, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is this machine itself.
    pub fn is_loopback(&self) -> bool {
        self.0 == "localhost"
            || self.0.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
    }
}

impl SenderName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`RelayError::SenderName`].
    pub fn parse(text: &str) -> Result<Self, RelayError> {
        let text = text.trim();
        if Self::is_printable(text) && (1..=MAX_NAME_CHARACTERS).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(RelayError::SenderName)
        }
    }

    /// Whether a text stays on its line in a header and is shown as it is: for every name that may
    /// stand there.
    pub fn is_printable(text: &str) -> bool {
        // Characters that end a line, or change how their neighbours are shown.
        let misleading = |c: char| {
            c.is_control()
                || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        };
        // "=?" begins an encoded word, which a mail program would decode into something else.
        !text.chars().any(misleading) && !text.contains("=?")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RelayPassword {
    /// Takes a password as it was given.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The password, for whoever signs in with it or seals it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RelayPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayPassword(..)")
    }
}

impl RelaySecurity {
    /// A stable name, for forms, programs and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }

    /// The protection of that name.
    ///
    /// # Errors
    /// [`RelayError::Security`].
    pub fn from_name(name: &str) -> Result<Self, RelayError> {
        [Self::StartTls, Self::Tls, Self::None]
            .into_iter()
            .find(|security| security.name() == name)
            .ok_or(RelayError::Security)
    }
}

impl RelayCredentials {
    /// Puts an account's name and password together.
    ///
    /// # Errors
    /// [`RelayError::Credentials`] when one is missing, too long, or holds a NUL, which separates
    /// the fields of AUTH PLAIN (RFC 4616).
    pub fn new(username: &str, password: RelayPassword) -> Result<Self, RelayError> {
        let fits = |text: &str| {
            (1..=MAX_CREDENTIAL_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        if fits(username) && fits(password.expose()) {
            Ok(Self { username: username.to_owned(), password })
        } else {
            Err(RelayError::Credentials)
        }
    }

    /// The account's name.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The account's password.
    pub fn password(&self) -> &RelayPassword {
        &self.password
    }
}

impl Relay {
    /// Judges what only shows in the whole: credentials travel encrypted or to this machine.
    ///
    /// # Errors
    /// [`RelayError::UnencryptedCredentials`], [`RelayError::SenderAddress`].
    pub fn check(&self) -> Result<(), RelayError> {
        if !self.from_address.as_str().is_ascii() {
            return Err(RelayError::SenderAddress);
        }
        let in_the_clear = self.security == RelaySecurity::None && !self.host.is_loopback();
        if self.credentials.is_some() && in_the_clear {
            return Err(RelayError::UnencryptedCredentials);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for (text, host) in [
            (" SMTP.Example.com ", "smtp.example.com"),
            ("localhost", "localhost"),
            ("192.0.2.1", "192.0.2.1"),
            ("::1", "::1"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(RelayHost::parse(text).unwrap().as_str(), host);
        }
        assert_eq!(RelayHost::parse("  "), Err(RelayError::HostMissing));
        for text in [
            "smtp://x.example",
            "x.example:25",
            "x.example/y",
            "a b",
            "-a.example",
            "a..b",
            "[::1]",
            "user@x.example",
            "x.example\r\nRCPT",
            "bücher.example",
            "10.0.0.256",
            "a.1",
            "a.example..",
            ".",
            &"a".repeat(64),
        ] {
            assert_eq!(RelayHost::parse(text), Err(RelayError::HostFormat), "{text:?}");
        }
    }

    #[test]
    fn a_sender_s_name_stays_on_its_line() {
        assert_eq!(SenderName::parse(" Zoë's Café ").unwrap().as_str(), "Zoë's Café");
        for text in ["", " ", "a\r\nBcc: x", "a\u{202e}b", "=?utf-8?Q?a?=", &"x".repeat(65)] {
            assert_eq!(SenderName::parse(text), Err(RelayError::SenderName), "{text:?}");
        }
    }

    #[test]
    fn credentials_travel_encrypted_or_to_this_machine() {
        let relay = |host, security| Relay {
            host: RelayHost::parse(host).unwrap(),
            port: NonZeroU16::MIN,
            security,
            credentials: Some(
                RelayCredentials::new("user", RelayPassword::new("word".to_owned())).unwrap(),
            ),
            from_address: EmailAddress::parse("no-reply@example.com").unwrap(),
            from_name: None,
        };
        for host in ["smtp.example.com", "192.0.2.1"] {
            let refused = Err(RelayError::UnencryptedCredentials);
            assert_eq!(relay(host, RelaySecurity::None).check(), refused);
            assert_eq!(relay(host, RelaySecurity::StartTls).check(), Ok(()));
            let anonymous = Relay { credentials: None, ..relay(host, RelaySecurity::None) };
            assert_eq!(anonymous.check(), Ok(()));
        }
        for host in ["localhost", "127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(relay(host, RelaySecurity::None).check(), Ok(()));
        }
        let foreign = EmailAddress::parse("nö@example.com").unwrap();
        let foreign = Relay { from_address: foreign, ..relay("localhost", RelaySecurity::Tls) };
        assert_eq!(foreign.check(), Err(RelayError::SenderAddress));
    }

    #[test]
    fn half_credentials_are_none() {
        for (name, word) in [("", "x"), ("x", ""), ("a\0b", "x"), ("x", "a\nb")] {
            let outcome = RelayCredentials::new(name, RelayPassword::new(word.to_owned()));
            assert_eq!(outcome, Err(RelayError::Credentials), "{name:?} {word:?}");
        }
    }

    #[test]
    fn a_protection_has_a_stable_name() {
        for security in [RelaySecurity::StartTls, RelaySecurity::Tls, RelaySecurity::None] {
            assert_eq!(RelaySecurity::from_name(security.name()), Ok(security));
        }
        assert_eq!(RelaySecurity::from_name("ssl"), Err(RelayError::Security));
    }
}
