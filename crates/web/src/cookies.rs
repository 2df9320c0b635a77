//! Cookies of the pages.
//!
//! All are `HttpOnly`, `SameSite=Lax`, and valid for all paths of this host only. `Strict` cookies
//! would be missing after a click in webmail, which is cross-site. With https, the `__Host-` prefix
//! prevents other hosts of the domain from setting them (RFC 6265bis, section 4.1.3.2).

use std::time::Duration;

use poem::http::{HeaderMap, HeaderValue, header};

/// A cookie of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The key of a session.
    Session,
    /// The secret of form tokens without a session.
    Form,
    /// The flash message for the next page.
    Flash,
    /// The chosen language.
    Language,
    /// The chosen theme.
    Theme,
}

/// Reads and writes the cookies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CookieJar {
    /// `true` if the public origin uses https.
    secure: bool,
}

impl CookieJar {
    /// Creates a jar; `secure` for https.
    pub(crate) fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// Returns the full name of a cookie.
    pub(crate) fn name(self, cookie: Cookie) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        let name = match cookie {
            Cookie::Session => "session",
            Cookie::Form => "form",
            Cookie::Flash => "flash",
            Cookie::Language => "language",
            Cookie::Theme => "theme",
        };
        format!("{prefix}vestibule_{name}")
    }

    /// Returns the value of a cookie; `None` also if it occurs twice, since one may be forged.
    pub(crate) fn read(self, headers: &HeaderMap, cookie: Cookie) -> Option<&str> {
        let name = self.name(cookie);
        // Compares bytes: cookies of other applications may have any encoding, and only ASCII
        // whitespace is trimmed (RFC 6265, section 5.2).
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|value| value.as_bytes().split(|b| *b == b';'))
            .filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        let value = std::str::from_utf8(values.next()?).ok()?;
        (values.next().is_none() && !value.is_empty()).then_some(value)
    }

    /// Returns a header that sets a cookie; `None` if the value contains invalid characters.
    pub(crate) fn set(self, cookie: Cookie, value: &str, ttl: Duration) -> Option<HeaderValue> {
        let is_valid = |b: u8| b.is_ascii_graphic() && !b"\",;\\".contains(&b);
        if !value.bytes().all(is_valid) {
            return None;
        }
        let secure = if self.secure { "; Secure" } else { "" };
        let name = self.name(cookie);
        let seconds = ttl.as_secs();
        let text =
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        HeaderValue::from_str(&text).ok()
    }

    /// Returns a header that removes a cookie.
    pub(crate) fn clear(self, cookie: Cookie) -> Option<HeaderValue> {
        self.set(cookie, "", Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            let value = HeaderValue::from_bytes(cookie.as_bytes()).unwrap();
            headers.append(header::COOKIE, value);
        }
        headers
    }

    #[test]
    fn with_https_a_cookie_is_bound_to_this_host() {
        let hour = Duration::from_hours(1);
        let set = CookieJar::new(true).set(Cookie::Session, "abc", hour).unwrap();
        assert_eq!(
            set,
            "__Host-vestibule_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600; Secure"
        );
        let set = CookieJar::new(false).set(Cookie::Theme, "dark", hour).unwrap();
        assert_eq!(set, "vestibule_theme=dark; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600");
        assert!(CookieJar::new(true).set(Cookie::Theme, "a; Domain=x", hour).is_none());
    }

    #[test]
    fn a_cookie_is_read_by_its_exact_name_if_it_occurs_once() {
        let jar = CookieJar::new(true);
        let read =
            |cookies: &[&str]| jar.read(&headers(cookies), Cookie::Session).map(str::to_owned);
        assert_eq!(read(&["a=b; __Host-vestibule_session=abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["a=b", "__Host-vestibule_session=abc"]).as_deref(), Some("abc"));
        // Set by another host of the domain, which cannot use the prefix.
        assert_eq!(read(&["vestibule_session=evil"]), None);
        let twice = ["__Host-vestibule_session=a; __Host-vestibule_session=b"];
        assert_eq!(read(&twice), None);
        assert_eq!(read(&["__Host-vestibule_session="]), None);
        // Cookies of other applications in any encoding do not matter.
        assert_eq!(read(&["a=é; __Host-vestibule_session=abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["\u{2003}__Host-vestibule_session=evil"]), None);
    }
}
