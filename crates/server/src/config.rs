//! Configuration: a file, overridden by the environment, overridden by the command line.
//!
//! Every key stands in one table with its default, its meaning and its check; the reference, the
//! commented default file and `config show` are printed from it. All problems are reported at once.

mod keys;
mod load;
mod problem;
mod reader;
mod show;

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::policy::Policy;
use vestibule_mail::Security;

pub use load::{Overrides, Settings, environment, load};
pub use problem::{Invalid, Problem};
pub use show::{init_file, reference, show};

/// Everything the service can be told, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where people reach the service; `None` only with `--dev`, which uses the listen address.
    pub public_url: Option<PublicUrl>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Where the database is.
    pub database_url: Secret,
    /// What the product is called.
    pub product_name: String,
    /// `iss` of access tokens; the public URL if not set.
    pub issuer: Option<String>,
    /// `aud` of access tokens; the public URL if not set.
    pub audience: Option<String>,
    /// The figures of the rules.
    pub policy: Policy,
    /// What a password hash costs.
    pub passwords: vestibule_passwords::Settings,
    /// Where mail goes; `None` leaves it in the outbox.
    pub mail: Option<MailConfig>,
    /// Whether this is a try-out on one's own machine.
    pub dev: bool,
}

/// The relay that takes our mail.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Account at the relay.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The sender's address.
    pub from_address: EmailAddress,
    /// The sender's name; the product's if not set.
    pub from_name: Option<String>,
    /// A PEM file with a further trust anchor.
    pub ca_file: Option<PathBuf>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A value that does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a value.
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value, for whoever needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The address people reach the service at: scheme, host, port, no path; no slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    host: String,
}

impl PublicUrl {
    /// Reads `https://accounts.example.com` or the like.
    ///
    /// # Errors
    /// Says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected an address such as https://accounts.example.com, without a path";
        let url = text.strip_suffix('/').unwrap_or(text);
        let uri: poem::http::Uri = url.parse().map_err(|_| expected.to_owned())?;
        let plain = uri.path() == "/" && uri.query().is_none() && !url.ends_with('/');
        let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
        match uri.host() {
            Some(host) if plain && scheme && !host.is_empty() && !url.contains('@') => {
                Ok(Self { text: url.to_owned(), host: host.to_owned() })
            }
            _ => Err(expected.to_owned()),
        }
    }

    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether browsers reach it by https.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin() {
        for (text, expected) in [
            ("https://accounts.example.com", "https://accounts.example.com"),
            ("https://accounts.example.com/", "https://accounts.example.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().as_str(), expected);
        }
        for text in [
            "",
            "accounts.example.com",
            "ftp://x.example",
            "https://",
            "https://x/y",
            "https://x.example?a=b",
            "https://user@x.example",
            "https://x.example//",
        ] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
