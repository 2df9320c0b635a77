//! Settings of a remote verifier and their validation.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use time::OffsetDateTime;

use crate::verifier::Rules;

/// Settings of a remote verifier.
///
/// ```
/// use std::time::Duration;
/// use vestibule_verify::{Rules, Settings};
///
/// let rules = Rules::new("https://id.example.com", "https://api.example.com");
/// let settings = Settings {
///     rules: Rules { longest_life: Duration::from_mins(15), ..rules },
///     url: Some("http://vestibule.internal:8080".to_owned()),
///     plain_http: true,
///     ..Settings::new("", "")
/// };
/// # let _ = settings;
/// ```
#[derive(Clone)]
pub struct Settings {
    /// Requirements for a token.
    pub rules: Rules,
    /// URL of the issuer, if it is not `iss`: `https://`, the host, and optionally a path prefix.
    pub url: Option<String>,
    /// If `true`, keys may be fetched from another machine without TLS. An attacker on the network
    /// can then replace them and sign tokens.
    pub plain_http: bool,
    /// The clock; by default that of the system.
    pub clock: fn() -> OffsetDateTime,
}

/// Error for invalid settings of a remote verifier.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The URL is not `https://` or `http://` with a host, or has a username, query or fragment.
    #[error("invalid issuer URL {url:?}")]
    Url {
        /// The URL.
        url: String,
    },
    /// Without TLS an attacker on the network could replace the keys.
    #[error("{url:?} is on another machine and does not use TLS")]
    PlainHttp {
        /// The URL.
        url: String,
    },
    /// TLS cannot be set up.
    #[error("TLS setup failed")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Settings {
    /// Creates settings for an issuer whose name is its URL, with defaults for everything else.
    #[expect(clippy::disallowed_methods, reason = "there is no port here: this is the clock")]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let rules = Rules::new(issuer, audience);
        Self { rules, url: None, plain_http: false, clock: || OffsetDateTime::now_utc() }
    }

    /// Returns the URL of a path at the issuer.
    pub(super) fn address(&self, path: &str) -> Result<String, SetupError> {
        let text = self.url.as_ref().unwrap_or(&self.rules.issuer);
        let refused = || SetupError::Url { url: text.clone() };
        let joined = format!("{}{path}", text.trim_end_matches('/'));
        let address: Uri = joined.parse().map_err(|_| refused())?;
        let plain = match address.scheme_str() {
            Some("https") => false,
            Some("http") => true,
            _ => return Err(refused()),
        };
        // A fragment or username would silently be ignored.
        let decorated = text.contains(['@', '?', '#']);
        let host = address.host().filter(|host| !host.is_empty()).ok_or_else(refused)?;
        if decorated {
            Err(refused())
        } else if plain && !self.plain_http && !is_this_machine(host) {
            Err(SetupError::PlainHttp { url: text.clone() })
        } else {
            Ok(joined)
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("rules", &self.rules)
            .field("url", &self.url)
            .field("plain_http", &self.plain_http)
            .finish_non_exhaustive()
    }
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str, plain_http: bool) -> Result<String, SetupError> {
        let url = Some(url.to_owned());
        let settings = Settings { url, plain_http, ..Settings::new("an issuer", "an audience") };
        settings.address("/keys")
    }

    #[test]
    fn a_path_is_appended_to_the_issuers_url() {
        for (url, expected) in [
            ("https://id.example.com", "https://id.example.com/keys"),
            ("https://id.example.com/", "https://id.example.com/keys"),
            ("https://example.com/id/", "https://example.com/id/keys"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/keys"),
            ("http://[::1]:8080", "http://[::1]:8080/keys"),
            ("http://localhost", "http://localhost/keys"),
        ] {
            assert_eq!(address(url, false).unwrap(), expected);
        }
    }

    #[test]
    fn keys_from_another_machine_require_tls_unless_plain_http_is_allowed() {
        for url in ["http://id.example.com", "http://10.0.0.1", "http://localhost.example.com"] {
            assert!(matches!(address(url, false), Err(SetupError::PlainHttp { .. })), "{url}");
            assert!(address(url, true).is_ok(), "{url}");
        }
    }

    #[test]
    fn an_invalid_issuer_url_is_refused() {
        for url in [
            "",
            "id.example.com",
            "ftp://id.example.com",
            "https://user@id.example.com",
            "https://:word@id.example.com",
            "https://id.example.com?a=b",
            "https://id.example.com#a",
            "https://",
            "https:///keys",
            "https://:8443",
            "https://id.example.com/a path",
        ] {
            assert!(matches!(address(url, true), Err(SetupError::Url { .. })), "{url}");
        }
    }

    #[test]
    fn an_issuer_that_is_not_a_url_requires_one() {
        let refused = Settings::new("my issuer", "my audience").address("/keys");
        assert!(matches!(refused, Err(SetupError::Url { .. })));
    }
}
