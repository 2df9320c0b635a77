//! Branding of mails: the product name, the public URL and the operator's templates.
//!
//! Links always start with the configured public URL, never with a host from a request. The
//! characters of a link are validated, so that it needs no escaping in HTML and plain text.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use vestibule_domain::model::claims::SignedToken;
use vestibule_domain::model::smtp_settings::SenderName;

use crate::settings::SettingsError;

const MAX_NAME_CHARACTERS: usize = 64;

const SIGN_IN: &str = "/login";
const REQUEST_RESET: &str = "/password-reset";
const CHOOSE_PASSWORD: &str = "/reset-password?token=";

/// The product name, the public URL and the directory of templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branding {
    product: String,
    /// Without a trailing slash.
    public_url: String,
    /// Name for `EHLO`.
    helo: String,
    templates: Option<PathBuf>,
}

impl Branding {
    /// Creates the branding from the product name and the public URL of the pages.
    ///
    /// # Errors
    /// - [`SettingsError::ProductName`] if the name is empty, too long or not printable.
    /// - [`SettingsError::PublicUrl`] if the URL is not `https://host[:port]` or
    ///   `http://host[:port]`.
    pub fn new(product_name: &str, public_url: &str) -> Result<Self, SettingsError> {
        if !is_name(product_name) {
            return Err(SettingsError::ProductName);
        }
        let public_url = public_url.strip_suffix('/').unwrap_or(public_url);
        let helo = helo_name(public_url).ok_or(SettingsError::PublicUrl)?;
        let (product, public_url) = (product_name.to_owned(), public_url.to_owned());
        Ok(Self { product, public_url, helo, templates: None })
    }

    /// Sets a directory with templates, such as `reset_link.html`, that override the embedded ones.
    ///
    /// The templates are read and validated in all languages when a mailer is created, or by
    /// [`check_templates`](crate::check_templates).
    #[must_use]
    pub fn with_templates(mut self, directory: PathBuf) -> Self {
        self.templates = Some(directory);
        self
    }

    pub(crate) fn templates(&self) -> Option<&Path> {
        self.templates.as_deref()
    }

    pub(crate) fn product(&self) -> &str {
        &self.product
    }

    /// Returns the name for `EHLO`, which does not reveal the name of this machine.
    pub(crate) fn helo(&self) -> &str {
        &self.helo
    }

    pub(crate) fn sign_in(&self) -> String {
        format!("{}{SIGN_IN}", self.public_url)
    }

    pub(crate) fn request_reset(&self) -> String {
        format!("{}{REQUEST_RESET}", self.public_url)
    }

    /// Returns the reset link for a token.
    ///
    /// The link is as secret as the token. Returns `None` if the token is empty or contains
    /// characters that must be escaped in a URL, which valid tokens do not.
    pub fn choose_password(&self, token: &SignedToken) -> Option<String> {
        let token = token.expose();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        (!token.is_empty() && token.bytes().all(plain))
            .then(|| format!("{}{CHOOSE_PASSWORD}{token}", self.public_url))
    }
}

/// Returns `true` if a text can be used as a name in a heading, a subject and a `From` header.
fn is_name(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= MAX_NAME_CHARACTERS
        && SenderName::is_printable(text)
}

/// Returns the name for `EHLO` of a public URL, or `None` if it is not `scheme://host[:port]`.
fn helo_name(public_url: &str) -> Option<String> {
    let authority =
        public_url.strip_prefix("https://").or_else(|| public_url.strip_prefix("http://"))?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?,
        None => authority.find(':').map_or((authority, ""), |colon| authority.split_at(colon)),
    };
    if !port.is_empty() {
        // The parser of numbers accepts a plus sign, which is not valid in a port.
        let digits = port.strip_prefix(':').filter(|port| !port.starts_with('+'))?;
        digits.parse::<u16>().ok()?;
    }
    if authority.starts_with('[') {
        return host.parse::<Ipv6Addr>().ok().map(|ip| format!("[IPv6:{ip}]"));
    }
    if host.parse::<Ipv4Addr>().is_ok() {
        return Some(format!("[{host}]"));
    }
    let is_valid = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (!host.is_empty() && host.len() <= 253 && host.bytes().all(is_valid)).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_start_with_the_public_url() {
        for url in ["https://id.example.com", "https://id.example.com/"] {
            let branding = Branding::new("Acme", url).unwrap();
            assert_eq!(branding.sign_in(), "https://id.example.com/login");
            assert_eq!(branding.request_reset(), "https://id.example.com/password-reset");
            assert_eq!(
                branding.choose_password(&SignedToken::new("v4.public.a-b_c".to_owned())),
                Some("https://id.example.com/reset-password?token=v4.public.a-b_c".to_owned())
            );
        }
    }

    #[test]
    fn a_token_that_needs_escaping_is_rejected() {
        let branding = Branding::new("Acme", "https://id.example.com").unwrap();
        for token in ["", "a&b=c", "a#b", "a b", "a\"b", "a\r\nb", "a<b", "ä"] {
            let signed = SignedToken::new(token.to_owned());
            assert_eq!(branding.choose_password(&signed), None, "{token:?}");
        }
    }

    #[test]
    fn the_name_for_ehlo_is_the_host_of_the_public_url() {
        for (url, helo) in [
            ("https://id.example.com", "id.example.com"),
            ("https://id.example.com:8443", "id.example.com"),
            ("http://localhost:8080", "localhost"),
            ("http://127.0.0.1:8080", "[127.0.0.1]"),
            ("http://[::1]:8080", "[IPv6:::1]"),
        ] {
            assert_eq!(Branding::new("Acme", url).unwrap().helo(), helo);
        }
    }

    #[test]
    fn an_invalid_public_url_is_rejected() {
        for url in [
            "",
            "id.example.com",
            "ftp://id.example.com",
            "https://",
            "https:///login",
            "https://id.example.com?x=1",
            "https://id.example.com#x",
            "https://user@example.com",
            "https://id.example.com\r\nBcc: x",
            "https://id example.com",
            "https://bücher.example",
            "https://id.example.com\"onclick",
            "https://id.example.com:99999",
            "https://[::1",
            "https://[::1]x",
            "https://id.example.com:",
            "https://id.example.com:+80",
            "https://id.example.com/accounts",
            "https://id.example.com//",
            "https://id.example.com:8443/accounts",
            "https://[::1]/accounts",
            "https://exa%6dple.com",
        ] {
            assert!(matches!(Branding::new("Acme", url), Err(SettingsError::PublicUrl)), "{url:?}");
        }
    }

    #[test]
    fn a_name_has_no_control_characters() {
        for name in ["Acme", "Zoë's Café", "北京 账户", "A \"quoted\" <name>", "Grüße & Co."]
        {
            assert!(is_name(name), "{name:?}");
        }
        for name in [
            "",
            " ",
            "a\rb",
            "a\nb",
            "a\n",
            "a\r\nBcc: x@y.example",
            "a\0b",
            "a\u{b}b",
            "a\u{1b}[1mb",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{202e}b",
            "a\u{200b}b",
            "=?utf-8?Q?a=0D=0AB?=",
        ] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(is_name(&"x".repeat(64)) && !is_name(&"x".repeat(65)));
    }
}
