//! What an operator says about the relay, and what is wrong with it.
//!
//! Everything that can be judged without the network is judged when a mailer is made, so that a
//! typing mistake is reported at start and not with the first mail.

use std::fmt;
use std::net::IpAddr;

use rustls::pki_types::ServerName;
use vestibule_domain::email::EmailAddress;
use zeroize::Zeroizing;

/// How to reach the relay, and as whom.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The relay's name or address; its certificate must be valid for exactly this.
    pub host: String,
    /// Usually 587 with STARTTLS, 465 with TLS.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The account at the relay; together with `password` or not at all.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<SmtpPassword>,
    /// The sender of every mail, in ASCII.
    pub from_address: EmailAddress,
    /// The sender's name; usually the product's.
    pub from_name: String,
    /// A trust anchor besides the system's, as PEM.
    pub ca_file: Option<Vec<u8>>,
}

/// How the connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Starts in the clear and changes to TLS before anything is said; never stays in the clear.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// No protection: for a relay on the same machine, or for tests.
    ///
    /// Whoever sees the traffic sees reset links. Credentials are refused unless the host is
    /// `localhost` or a loopback address.
    None,
}

/// A relay password: does not print, and is wiped from memory when dropped.
#[derive(Clone)]
pub struct SmtpPassword(Zeroizing<String>);

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Empty, longer than 64 characters, or with a character that does not belong in a heading.
    #[error("the product name is empty, too long, or has control characters in it")]
    ProductName,
    /// Not of the form `https://host[:port][/path]`.
    #[error("the public URL is not of the form https://host, in ASCII and without a query")]
    PublicUrl,
    /// As for the product name.
    #[error("the sender's name is empty, too long, or has control characters in it")]
    SenderName,
    /// A relay need not be able to carry it, so that no mail could ever be sent.
    #[error("the sender's address is not in ASCII")]
    SenderAddress,
    /// Neither a host name nor an IP address.
    #[error("the relay's host is neither a name nor an IP address")]
    Host,
    /// A user name without a password, the other way round, an empty one, or one with NUL in it.
    #[error("the relay's user name and password are not both given, or one is malformed")]
    Credentials,
    /// They would be readable on the network.
    #[error("credentials are not sent over an unencrypted connection to another machine")]
    UnencryptedCredentials,
    /// No certificate in it, or a broken one.
    #[error("the extra trust anchor is not a certificate in PEM format")]
    CaFile,
    /// Neither the system nor the settings name an authority to trust.
    #[error("the system has no trust anchors, and none is set")]
    NoTrustAnchors,
    /// The TLS library refuses its configuration.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// A template does not parse, or cannot be filled in.
    #[error("{file}, line {line}: the mail template is broken")]
    Template {
        /// Where it is.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        #[source]
        problem: minijinja::Error,
    },
    /// A text template begins otherwise than with `Subject: ..`, `Preview: ..` and an empty line.
    #[error("{file}, line 1: the mail template does not begin with its subject and its preview")]
    TemplateHeading {
        /// Where it is.
        file: String,
    },
    /// A template, or the directory of templates, cannot be read.
    #[error("{file} cannot be read")]
    TemplateUnreadable {
        /// Which.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no mail whose template could have that name.
    #[error("{file} is named after no mail template")]
    UnknownTemplate {
        /// Which.
        file: String,
    },
    /// Kept mails have no place.
    #[error("the directory for kept mails cannot be made")]
    Directory(#[source] std::io::Error),
}

impl SmtpPassword {
    /// Takes a password from configuration.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SmtpPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpPassword(..)")
    }
}

impl SmtpSettings {
    /// Judges everything but the trust anchors and the names.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        if ServerName::try_from(self.host.as_str()).is_err() {
            return Err(SettingsError::Host);
        }
        if !self.from_address.as_str().is_ascii() {
            return Err(SettingsError::SenderAddress);
        }
        // PLAIN separates its fields with NUL.
        let malformed = |text: &str| text.is_empty() || text.contains('\0');
        match (&self.username, &self.password) {
            (None, None) => Ok(()),
            (Some(name), Some(word)) if !malformed(name) && !malformed(word.expose()) => {
                if self.security == Security::None && !is_loopback(&self.host) {
                    return Err(SettingsError::UnencryptedCredentials);
                }
                Ok(())
            }
            _ => Err(SettingsError::Credentials),
        }
    }
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartTls => "STARTTLS",
            Self::Tls => "TLS",
            Self::None => "not encrypted",
        })
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, security: Security) -> SmtpSettings {
        SmtpSettings {
            host: host.to_owned(),
            port: 587,
            security,
            username: Some("user".to_owned()),
            password: Some(SmtpPassword::new("secret".to_owned())),
            from_address: EmailAddress::parse("no-reply@example.com").unwrap(),
            from_name: "Acme".to_owned(),
            ca_file: None,
        }
    }

    #[test]
    fn credentials_travel_encrypted_or_not_at_all() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1"] {
            assert!(settings(host, Security::None).check().is_ok(), "{host}");
        }
        for host in ["smtp.example.com", "192.0.2.1", "localhost.example.com", "0.0.0.0"] {
            let refused = settings(host, Security::None).check();
            assert!(matches!(refused, Err(SettingsError::UnencryptedCredentials)), "{host}");
            assert!(settings(host, Security::StartTls).check().is_ok(), "{host}");
            let anonymous =
                SmtpSettings { username: None, password: None, ..settings(host, Security::None) };
            assert!(anonymous.check().is_ok(), "{host}");
        }
    }

    #[test]
    fn half_credentials_are_refused() {
        let whole = settings("localhost", Security::Tls);
        let password = |text: &str| Some(SmtpPassword::new(text.to_owned()));
        for (username, password) in [
            (None, password("secret")),
            (Some("user"), None),
            (Some(""), password("secret")),
            (Some("user"), password("")),
            (Some("us\0er"), password("secret")),
            (Some("user"), password("sec\0ret")),
        ] {
            let half =
                SmtpSettings { username: username.map(str::to_owned), password, ..whole.clone() };
            assert!(matches!(half.check(), Err(SettingsError::Credentials)));
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for host in ["", "smtp example", "smtp.example.com:587", "a\r\nb", "https://smtp.example"] {
            let refused = settings(host, Security::Tls).check();
            assert!(matches!(refused, Err(SettingsError::Host)), "{host:?}");
        }
    }

    #[test]
    fn the_password_does_not_print() {
        let printed = format!("{:?}", settings("localhost", Security::Tls));
        assert!(printed.contains("SmtpPassword(..)") && !printed.contains("secret"));
    }
}
