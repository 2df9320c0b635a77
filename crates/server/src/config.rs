//! Configuration: a file, overridden by the environment, overridden by the command line.
//!
//! Every key stands in one table with its default, its meaning and what it accepts; the reference, the
//! commented default file and `config show` are printed from it. All problems are reported at once.

mod keys;
mod load;
mod problem;
#[cfg(test)]
mod properties;
mod reader;
mod show;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use poem::http::uri::Authority;
use poem::http::{HeaderName, HeaderValue, Uri};
use vestibule_domain::policy::Policy;
use vestibule_domain::relay::Relay;
use vestibule_limits::RedisAddress;
use vestibule_web::SettingOrigin;

pub(crate) use load::{Overrides, environment, load};
pub(crate) use problem::{Invalid, Problem};
pub(crate) use show::{init_file, reference, show};

/// Everything the service can be told, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// Where people reach the service; `None` only with `--dev`, which uses the listen address.
    pub(crate) public_url: Option<PublicUrl>,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Where everything is kept.
    pub(crate) data_dir: PathBuf,
    /// How log lines look.
    pub(crate) log_format: LogFormat,
    /// Where metrics are served; `None` for nowhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// Where traces go; `None` for nowhere.
    pub(crate) traces: Option<TracesConfig>,
    /// Where the database is.
    pub(crate) database_url: Secret,
    /// Where limits are counted for several nodes; `None` for one node alone.
    pub(crate) redis: Option<RedisConfig>,
    /// What the product is called.
    pub(crate) product_name: String,
    /// `iss` of access tokens; the public URL if not set.
    pub(crate) issuer: Option<String>,
    /// `aud` of access tokens; the public URL if not set.
    pub(crate) audience: Option<String>,
    /// The figures of the rules.
    pub(crate) policy: Policy,
    /// How long a session that was looked up is taken for granted.
    pub(crate) recall: Duration,
    /// What a password hash costs.
    pub(crate) passwords: vestibule_passwords::Settings,
    /// Passwords nobody may choose, beside the built-in ones.
    pub(crate) common_list: Option<PathBuf>,
    /// Where mail goes; `None` leaves it to administrators.
    pub(crate) mail: Option<Relay>,
    /// A PEM file with a further trust anchor for relays.
    pub(crate) mail_ca_file: Option<PathBuf>,
    /// Where each key about mail is set.
    pub(crate) mail_origins: BTreeMap<String, SettingOrigin>,
    /// How the pages look and behave.
    pub(crate) pages: PagesConfig,
    /// Whether this is a try-out on one's own machine.
    pub(crate) dev: bool,
}

/// Where traces go, and how many.
#[derive(Clone, Debug)]
pub(crate) struct TracesConfig {
    /// Where they are handed over, the whole address.
    pub(crate) address: Uri,
    /// Headers that let us in there. Their values do not print.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The part of those that begin here.
    pub(crate) sample_ratio: f64,
}

/// Limits that several nodes share.
#[derive(Clone, Debug)]
pub(crate) struct RedisConfig {
    /// Where they are counted.
    pub(crate) address: RedisAddress,
    /// How many nodes share them.
    pub(crate) nodes: NonZeroU32,
}

/// How the pages look and behave.
#[derive(Clone, Debug)]
pub(crate) struct PagesConfig {
    /// How long the page that tells of a reset waits before it moves on; `None` to stay.
    pub(crate) reset_redirect: Option<Duration>,
    /// A folder whose files take the place of ours.
    pub(crate) directory: Option<PathBuf>,
    /// Where to report security problems.
    pub(crate) security_contact: Option<String>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A value that does not print.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Hides a value.
    pub(crate) fn new(value: String) -> Self {
        Self(value)
    }

    /// The value, for whoever needs it.
    pub(crate) fn expose(&self) -> &str {
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
pub(crate) struct PublicUrl {
    text: String,
}

impl PublicUrl {
    /// Reads `https://accounts.example.com` or the like.
    ///
    /// # Errors
    /// Says what is expected.
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
        // As browsers write it in Origin (RFC 6454, section 6.1), with which it is compared.
        let scheme = if url.starts_with("https") { "https" } else { "http" };
        let usual = if scheme == "https" { 443 } else { 80 };
        let host = parsed.host().to_ascii_lowercase();
        let port = parsed.port_u16().filter(|port| *port != usual);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self { text: format!("{scheme}://{host}{port}") })
    }

    /// The address without a slash at its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is this machine's own address.
    pub(crate) fn is_loopback(&self) -> bool {
        let authority = self.text.rsplit('/').next().unwrap_or_default();
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Whether browsers reach it by https.
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
