//! Configuration from a file, overridden by the environment, overridden by the command line.
//!
//! One table contains every key with its default, description and accepted values; the reference,
//! the commented default file and `config show` are generated from it. All problems are reported
//! at once.

mod keys;
mod load;
mod problem;
#[cfg(test)]
mod properties;
mod reader;
mod settings;
mod show;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use poem::http::uri::Authority;
use poem::http::{HeaderName, HeaderValue, Uri};
use vestibule_domain::model::policy::Policy;
use vestibule_domain::model::smtp_settings::SmtpSettings;
use vestibule_limits::RedisAddress;
use vestibule_web::SettingOrigin;

pub(crate) use load::{environment, load};
pub(crate) use problem::{Invalid, Problem};
pub(crate) use settings::Overrides;
pub(crate) use show::{init_file, reference, show};

/// The validated configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Address to listen on.
    pub(crate) listen: SocketAddr,
    /// Public URL; `None` only with `--dev`, which uses the listen address.
    pub(crate) public_url: Option<PublicUrl>,
    /// Networks of proxies whose `X-Forwarded-For` is trusted.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Folder of the database and the keys.
    pub(crate) data_dir: PathBuf,
    /// Format of log lines.
    pub(crate) log_format: LogFormat,
    /// Address of the metrics listener; `None` disables it.
    pub(crate) metrics: Option<SocketAddr>,
    /// Export of traces; `None` disables it.
    pub(crate) traces: Option<TracesConfig>,
    /// Database URL.
    pub(crate) database_url: Secret,
    /// Redis server for shared rate limits; `None` counts in this process.
    pub(crate) redis: Option<RedisConfig>,
    /// Product name.
    pub(crate) product_name: String,
    /// `iss` of access tokens; the public URL if not set.
    pub(crate) issuer: Option<String>,
    /// `aud` of access tokens; the public URL if not set.
    pub(crate) audience: Option<String>,
    /// Limits and lifetimes of the domain.
    pub(crate) policy: Policy,
    /// Maximum age of a cached session.
    pub(crate) max_staleness: Duration,
    /// Cost and concurrency of password hashes.
    pub(crate) passwords: vestibule_passwords::Settings,
    /// File with passwords to refuse, in addition to the built-in ones.
    pub(crate) common_list: Option<PathBuf>,
    /// SMTP settings; `None` leaves them to administrators.
    pub(crate) mail: Option<SmtpSettings>,
    /// PEM file with an additional trust anchor for SMTP servers.
    pub(crate) mail_ca_file: Option<PathBuf>,
    /// Source of each configured `mail.*` key.
    pub(crate) mail_origins: BTreeMap<String, SettingOrigin>,
    /// Settings of the pages.
    pub(crate) pages: PagesConfig,
    /// `true` with `--dev`.
    pub(crate) dev: bool,
}

/// Trace export settings.
#[derive(Clone, Debug)]
pub(crate) struct TracesConfig {
    /// Complete URL of the collector, path included.
    pub(crate) address: Uri,
    /// Request headers for the collector; their values are not printed.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Fraction of traces started here to sample.
    pub(crate) sample_ratio: f64,
}

/// Redis settings for shared rate limits.
#[derive(Clone, Debug)]
pub(crate) struct RedisConfig {
    /// Address of the server.
    pub(crate) address: RedisAddress,
    /// Number of nodes that share limits.
    pub(crate) nodes: NonZeroU32,
}

/// Settings of the pages.
#[derive(Clone, Debug)]
pub(crate) struct PagesConfig {
    /// Delay before the page after a reset redirects; `None` disables the redirect.
    pub(crate) reset_redirect: Option<Duration>,
    /// Folder with files that replace built-in ones.
    pub(crate) directory: Option<PathBuf>,
    /// Contact for security reports.
    pub(crate) security_contact: Option<String>,
}

/// Format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Text.
    Text,
    /// One JSON object per line.
    Json,
}

/// A value that `Debug` does not print.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub(crate) fn new(value: String) -> Self {
        Self(value)
    }

    /// Returns the value.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The public URL: scheme, host and port, without path and trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    text: String,
}

impl PublicUrl {
    /// Parses an origin such as `https://accounts.example.com`.
    ///
    /// # Errors
    /// A description of the expected value if the text is not an origin.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected an address such as https://accounts.example.com, without a path";
        let url = text.strip_suffix('/').unwrap_or(text);
        let authority = url.strip_prefix("https://").or(url.strip_prefix("http://"));
        let authority = authority.ok_or(expected)?;
        let parsed: Authority = authority.parse().map_err(|_| expected)?;
        let has_port = parsed.port_u16().is_some();
        let host_alone = parsed.as_str() == parsed.host();
        let plain = !parsed.host().is_empty() && parsed.as_str() == authority;
        if !plain || authority.contains('@') || !(has_port || host_alone) {
            return Err(expected.to_owned());
        }
        // The form of the Origin header (RFC 6454, section 6.1), with which it is compared.
        let scheme = if url.starts_with("https") { "https" } else { "http" };
        let usual = if scheme == "https" { 443 } else { 80 };
        let host = parsed.host().to_ascii_lowercase();
        let port = parsed.port_u16().filter(|port| *port != usual);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self { text: format!("{scheme}://{host}{port}") })
    }

    /// Returns the URL without a trailing slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns `true` if the host is a loopback address.
    pub(crate) fn is_loopback(&self) -> bool {
        let authority = self.text.rsplit('/').next().unwrap_or_default();
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Returns `true` if the scheme is https.
    pub(crate) fn is_https(&self) -> bool {
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
            ("https://Accounts.Example.com:443", "https://accounts.example.com"),
            ("http://[::1]:0080", "http://[::1]"),
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().as_str(), expected);
        }
        for text in [
            "",
            "accounts.example.com",
            "https://x.example#y",
            "https://x.example:99999",
            "HTTPS://x.example",
            "https://x.example:",
            "ftp://x.example",
            "https://",
            "https://x/y",
            "https://x.example?a=b",
            "https://user@x.example",
            "https://user@x.example:443",
            "https://x.example//",
        ] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
