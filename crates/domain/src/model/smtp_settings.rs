//! SMTP settings: the server for outgoing mail, its credentials, and the sender.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU16;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::model::email::EmailAddress;

const MAX_HOST: usize = 253;
const MAX_NAME_CHARACTERS: usize = 64;
const MAX_CREDENTIAL_BYTES: usize = 512;

/// Settings for outgoing mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpSettings {
    /// Name or IP address of the server.
    pub host: SmtpHost,
    /// Port; usually 587 with STARTTLS, 465 with TLS.
    pub port: NonZeroU16,
    /// Security of the connection.
    pub security: SmtpSecurity,
    /// Credentials, if the server requires authentication.
    pub credentials: Option<SmtpCredentials>,
    /// The sender of every mail.
    pub from_address: EmailAddress,
    /// The sender's name; `None` for the product name.
    pub from_name: Option<SenderName>,
}

/// Security of the connection to the SMTP server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// STARTTLS, required: the connection fails if the server does not offer it.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// No encryption; credentials are sent to a loopback address only.
    None,
}

/// Credentials for the SMTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpCredentials {
    username: String,
    password: SmtpPassword,
}

/// Host of the SMTP server: a name or an IP address, without scheme, port or path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpHost(String);

/// Display name of the sender: one line, 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderName(String);

/// Password for the SMTP server. Does not print, and is wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpPassword(Zeroizing<String>);

/// The reason why SMTP settings are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpSettingsError {
    /// The host is missing.
    #[error("the host is missing")]
    HostMissing,
    /// The host is neither a name nor an IP address.
    #[error("the host is neither a name nor an address")]
    HostFormat,
    /// The port is not from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    PortRange,
    /// The security is none of [`SmtpSecurity`].
    #[error("unknown connection security")]
    Security,
    /// The sender's name is empty, too long, or contains a line end or bidirectional control.
    #[error("the sender's name is empty, too long, or not printable")]
    SenderName,
    /// The sender's address is not ASCII, which not every SMTP server supports.
    #[error("the sender's address is not in ASCII")]
    SenderAddress,
    /// Only one of username and password is set, or one is malformed.
    #[error("username and password must be set together, and well formed")]
    Credentials,
    /// The credentials would be sent unencrypted.
    #[error("credentials are not sent over an unencrypted connection to another machine")]
    UnencryptedCredentials,
    /// The password is required again, because the server changed.
    #[error("the password is required again")]
    PasswordAgain,
    /// The password is required again, because the key that sealed it is gone.
    #[error("the saved password cannot be decrypted")]
    PasswordLost,
}

/// SMTP settings as stored, with the password sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSmtpSettings {
    /// The settings without the credentials.
    pub smtp: SmtpSettings,
    /// The username and the sealed password.
    pub sealed_credentials: Option<SealedSmtpCredentials>,
    /// Time at which they were saved; identifies this version of the settings.
    pub saved_at: OffsetDateTime,
    /// Result of the latest test mail with this version.
    pub tested: Option<SmtpTest>,
}

/// Credentials with a password that only this installation can decrypt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSmtpCredentials {
    /// The username.
    pub username: String,
    /// The sealed password.
    pub password: String,
}

/// The result of a test mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpTest {
    /// Time of the test.
    pub at: OffsetDateTime,
    /// The recipient.
    pub to: EmailAddress,
    /// `true` if the SMTP server accepted the mail.
    pub succeeded: bool,
}

impl SmtpHost {
    /// Parses a host.
    ///
    /// # Errors
    /// [`SmtpSettingsError::HostMissing`], [`SmtpSettingsError::HostFormat`].
    pub fn parse(text: &str) -> Result<Self, SmtpSettingsError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SmtpSettingsError::HostMissing);
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let name = text.strip_suffix('.').unwrap_or(text);
        // 10.0.0.256 is a malformed address, and no host name ends in a number.
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|b| b.is_ascii_digit());
        let is_name = text.len() <= MAX_HOST && name.split('.').all(label) && !is_number;
        if is_name || text.parse::<IpAddr>().is_ok() {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(SmtpSettingsError::HostFormat)
        }
    }

    /// Returns the host, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `true` for `localhost` and loopback addresses.
    pub fn is_loopback(&self) -> bool {
        self.0 == "localhost"
            || self.0.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
    }
}

impl SenderName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`SmtpSettingsError::SenderName`].
    pub fn parse(text: &str) -> Result<Self, SmtpSettingsError> {
        let text = text.trim();
        if Self::is_printable(text) && (1..=MAX_NAME_CHARACTERS).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SmtpSettingsError::SenderName)
        }
    }

    /// Returns `true` if a text is safe as a display name in a mail header.
    pub fn is_printable(text: &str) -> bool {
        // Controls, and characters that change how their neighbours are shown.
        let misleading = |c: char| {
            c.is_control()
                || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        };
        // "=?" begins an encoded word, which mail programs decode.
        !text.chars().any(misleading) && !text.contains("=?")
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SmtpPassword {
    /// Wraps a password.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the password, to authenticate with it or to seal it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SmtpPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpPassword(..)")
    }
}

impl SmtpSecurity {
    /// Returns a stable name, for forms, the API and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }

    /// Returns the security with this name.
    ///
    /// # Errors
    /// [`SmtpSettingsError::Security`].
    pub fn from_name(name: &str) -> Result<Self, SmtpSettingsError> {
        [Self::StartTls, Self::Tls, Self::None]
            .into_iter()
            .find(|security| security.name() == name)
            .ok_or(SmtpSettingsError::Security)
    }
}

impl SmtpCredentials {
    /// Creates credentials.
    ///
    /// # Errors
    /// [`SmtpSettingsError::Credentials`] if one is empty, too long, or contains a NUL, which separates
    /// the fields of AUTH PLAIN (RFC 4616).
    pub fn new(username: &str, password: SmtpPassword) -> Result<Self, SmtpSettingsError> {
        let fits = |text: &str| {
            (1..=MAX_CREDENTIAL_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        if fits(username) && fits(password.expose()) {
            Ok(Self { username: username.to_owned(), password })
        } else {
            Err(SmtpSettingsError::Credentials)
        }
    }

    /// Returns the username.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Returns the password.
    pub fn password(&self) -> &SmtpPassword {
        &self.password
    }
}

impl SmtpSettings {
    /// Checks rules across fields: credentials are sent encrypted, or to a loopback address.
    ///
    /// # Errors
    /// [`SmtpSettingsError::UnencryptedCredentials`], [`SmtpSettingsError::SenderAddress`].
    pub fn check(&self) -> Result<(), SmtpSettingsError> {
        if !self.from_address.as_str().is_ascii() {
            return Err(SmtpSettingsError::SenderAddress);
        }
        let in_the_clear = self.security == SmtpSecurity::None && !self.host.is_loopback();
        if self.credentials.is_some() && in_the_clear {
            return Err(SmtpSettingsError::UnencryptedCredentials);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_ip_address() {
        for (text, host) in [
            (" SMTP.Example.com ", "smtp.example.com"),
            ("localhost", "localhost"),
            ("192.0.2.1", "192.0.2.1"),
            ("::1", "::1"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(SmtpHost::parse(text).unwrap().as_str(), host);
        }
        assert_eq!(SmtpHost::parse("  "), Err(SmtpSettingsError::HostMissing));
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
            assert_eq!(SmtpHost::parse(text), Err(SmtpSettingsError::HostFormat), "{text:?}");
        }
    }

    #[test]
    fn a_sender_name_is_a_single_line() {
        assert_eq!(SenderName::parse(" Zoë's Café ").unwrap().as_str(), "Zoë's Café");
        for text in ["", " ", "a\r\nBcc: x", "a\u{202e}b", "=?utf-8?Q?a?=", &"x".repeat(65)] {
            assert_eq!(SenderName::parse(text), Err(SmtpSettingsError::SenderName), "{text:?}");
        }
    }

    #[test]
    fn credentials_are_sent_encrypted_or_to_loopback() {
        let smtp = |host, security| SmtpSettings {
            host: SmtpHost::parse(host).unwrap(),
            port: NonZeroU16::MIN,
            security,
            credentials: Some(
                SmtpCredentials::new("user", SmtpPassword::new("word".to_owned())).unwrap(),
            ),
            from_address: EmailAddress::parse("no-reply@example.com").unwrap(),
            from_name: None,
        };
        for host in ["smtp.example.com", "192.0.2.1"] {
            let refused = Err(SmtpSettingsError::UnencryptedCredentials);
            assert_eq!(smtp(host, SmtpSecurity::None).check(), refused);
            assert_eq!(smtp(host, SmtpSecurity::StartTls).check(), Ok(()));
            let anonymous = SmtpSettings { credentials: None, ..smtp(host, SmtpSecurity::None) };
            assert_eq!(anonymous.check(), Ok(()));
        }
        for host in ["localhost", "127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(smtp(host, SmtpSecurity::None).check(), Ok(()));
        }
        let foreign = EmailAddress::parse("nö@example.com").unwrap();
        let foreign =
            SmtpSettings { from_address: foreign, ..smtp("localhost", SmtpSecurity::Tls) };
        assert_eq!(foreign.check(), Err(SmtpSettingsError::SenderAddress));
    }

    #[test]
    fn incomplete_credentials_are_refused() {
        for (name, word) in [("", "x"), ("x", ""), ("a\0b", "x"), ("x", "a\nb")] {
            let outcome = SmtpCredentials::new(name, SmtpPassword::new(word.to_owned()));
            assert_eq!(outcome, Err(SmtpSettingsError::Credentials), "{name:?} {word:?}");
        }
    }

    #[test]
    fn each_connection_security_has_a_stable_name() {
        for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls, SmtpSecurity::None] {
            assert_eq!(SmtpSecurity::from_name(security.name()), Ok(security));
        }
        assert_eq!(SmtpSecurity::from_name("ssl"), Err(SmtpSettingsError::Security));
    }
}
