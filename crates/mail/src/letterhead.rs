//! What every mail carries: the product's name, where its pages are, and whose paper it is on.
//!
//! Links start with the configured public URL and nothing else; what a client claims about the
//! host it called never gets here. The characters of a link are checked, so that it can stand in
//! HTML and in plain text as it is.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use vestibule_domain::relay::SenderName;
use vestibule_domain::token::SignedToken;

use crate::settings::SettingsError;

const MAX_NAME_CHARACTERS: usize = 64;

const SIGN_IN: &str = "/login";
const REQUEST_RESET: &str = "/password-reset";
const CHOOSE_PASSWORD: &str = "/reset-password?token=";

/// The product's name and address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letterhead {
    product: String,
    /// Without a slash at the end.
    public_url: String,
    /// As it stands in `EHLO`.
    helo: String,
    templates: Option<PathBuf>,
}

impl Letterhead {
    /// Takes the name shown to people and the origin under which the pages are served.
    ///
    /// # Errors
    /// [`SettingsError::ProductName`] and [`SettingsError::PublicUrl`].
    pub fn new(product_name: &str, public_url: &str) -> Result<Self, SettingsError> {
        if !is_name(product_name) {
            return Err(SettingsError::ProductName);
        }
        let public_url = public_url.strip_suffix('/').unwrap_or(public_url);
        let helo = greeting_name(public_url).ok_or(SettingsError::PublicUrl)?;
        let (product, public_url) = (product_name.to_owned(), public_url.to_owned());
        Ok(Self { product, public_url, helo, templates: None })
    }

    /// Puts the templates in a directory, `reset_link.html` and its like, in place of ours.
    ///
    /// They are read, and tried in every language, when a mailer is made, and by
    /// [`check_templates`](crate::check_templates) without one.
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

    /// How we introduce ourselves to a relay; says nothing about the machine we run on.
    pub(crate) fn helo(&self) -> &str {
        &self.helo
    }

    pub(crate) fn sign_in(&self) -> String {
        format!("{}{SIGN_IN}", self.public_url)
    }

    pub(crate) fn request_reset(&self) -> String {
        format!("{}{REQUEST_RESET}", self.public_url)
    }

    /// The link under which whoever holds a reset token chooses a new password, as it is mailed.
    ///
    /// The link is as secret as the token. `None` when the token is empty or holds anything that
    /// would have to be escaped in a URL; no token of ours does.
    pub fn choose_password(&self, token: &SignedToken) -> Option<String> {
        let token = token.expose();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        (!token.is_empty() && token.bytes().all(plain))
            .then(|| format!("{}{CHOOSE_PASSWORD}{token}", self.public_url))
    }
}

/// Whether a text can be a name in a heading, a subject and a `From`.
fn is_name(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= MAX_NAME_CHARACTERS
        && SenderName::is_printable(text)
}

/// The name for `EHLO` from a public URL; `None` if that is not `scheme://host[:port]`.
fn greeting_name(public_url: &str) -> Option<String> {
    let authority =
        public_url.strip_prefix("https://").or_else(|| public_url.strip_prefix("http://"))?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?,
        None => authority.find(':').map_or((authority, ""), |colon| authority.split_at(colon)),
    };
    if !port.is_empty() {
        // A number may begin with a plus sign, a port may not.
        let digits = port.strip_prefix(':').filter(|port| !port.starts_with('+'))?;
        digits.parse::<u16>().ok()?;
    }
    if authority.starts_with('[') {
        return host.parse::<Ipv6Addr>().ok().map(|ip| format!("[IPv6:{ip}]"));
    }
    if host.parse::<Ipv4Addr>().is_ok() {
        return Some(format!("[{host}]"));
    }
    let named = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (!host.is_empty() && host.len() <= 253 && host.bytes().all(named)).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_start_with_the_public_url() {
        for url in ["https://id.example.com", "https://id.example.com/"] {
            let letterhead = Letterhead::new("Acme", url).unwrap();
            assert_eq!(letterhead.sign_in(), "https://id.example.com/login");
            assert_eq!(letterhead.request_reset(), "https://id.example.com/password-reset");
            assert_eq!(
                letterhead.choose_password(&SignedToken::new("v4.public.a-b_c".to_owned())),
                Some("https://id.example.com/reset-password?token=v4.public.a-b_c".to_owned())
            );
        }
    }

    #[test]
    fn a_token_that_would_break_out_of_its_link_is_refused() {
        let letterhead = Letterhead::new("Acme", "https://id.example.com").unwrap();
        for token in ["", "a&b=c", "a#b", "a b", "a\"b", "a\r\nb", "a<b", "ä"] {
            let signed = SignedToken::new(token.to_owned());
            assert_eq!(letterhead.choose_password(&signed), None, "{token:?}");
        }
    }

    #[test]
    fn we_greet_with_the_host_of_the_public_url() {
        for (url, helo) in [
            ("https://id.example.com", "id.example.com"),
            ("https://id.example.com:8443", "id.example.com"),
            ("http://localhost:8080", "localhost"),
            ("http://127.0.0.1:8080", "[127.0.0.1]"),
            ("http://[::1]:8080", "[IPv6:::1]"),
        ] {
            assert_eq!(Letterhead::new("Acme", url).unwrap().helo(), helo);
        }
    }

    #[test]
    fn what_is_no_public_url_is_refused() {
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
            assert!(
                matches!(Letterhead::new("Acme", url), Err(SettingsError::PublicUrl)),
                "{url:?}"
            );
        }
    }

    #[test]
    fn a_name_stays_on_its_line() {
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
