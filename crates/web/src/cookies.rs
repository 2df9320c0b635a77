//! Cookies: what a browser holds for us.
//!
//! All of them are `HttpOnly`, `SameSite=Lax` (a click in webmail is cross-site, and a `Strict`
//! cookie would be missing then), for the whole site and no other host. Where people come by https
//! the `__Host-` prefix keeps neighbouring hosts from planting one (RFC 6265bis, section 4.1.3.2).

use std::time::Duration;

use poem::http::{HeaderMap, HeaderValue, header};

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The key of a session.
    Session,
    /// What the form tokens of somebody without a session are made from.
    Form,
    /// What one page tells the next.
    Flash,
    /// The language somebody chose.
    Language,
    /// Light or dark, as somebody chose.
    Theme,
}

/// How cookies are named and set here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jar {
    /// Whether people come by https.
    secure: bool,
}

impl Jar {
    pub(crate) fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// Its full name.
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

    /// Its value; `None` also when there are two of them, for then one was planted.
    pub(crate) fn read(self, headers: &HeaderMap, cookie: Cookie) -> Option<&str> {
        let name = self.name(cookie);
        // Byte by byte: what another application has put beside our cookies may be of any encoding,
        // and only ASCII blanks are blanks (RFC 6265, section 5.2).
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|value| value.as_bytes().split(|b| *b == b';'))
            .filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        let value = std::str::from_utf8(values.next()?).ok()?;
        (values.next().is_none() && !value.is_empty()).then_some(value)
    }

    /// A header that sets it. `None` for a value that does not fit into a cookie.
    pub(crate) fn set(self, cookie: Cookie, value: &str, lasts: Duration) -> Option<HeaderValue> {
        let fits = |b: u8| b.is_ascii_graphic() && !b"\",;\\".contains(&b);
        if !value.bytes().all(fits) {
            return None;
        }
        let secure = if self.secure { "; Secure" } else { "" };
        let name = self.name(cookie);
        let seconds = lasts.as_secs();
        let text =
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        HeaderValue::from_str(&text).ok()
    }

    /// A header that takes it away.
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
    fn a_cookie_is_bound_to_this_host_where_there_is_https() {
        let hour = Duration::from_hours(1);
        let set = Jar::new(true).set(Cookie::Session, "abc", hour).unwrap();
        assert_eq!(
            set,
            "__Host-vestibule_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600; Secure"
        );
        let set = Jar::new(false).set(Cookie::Theme, "dark", hour).unwrap();
        assert_eq!(set, "vestibule_theme=dark; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600");
        assert!(Jar::new(true).set(Cookie::Theme, "a; Domain=x", hour).is_none());
    }

    #[test]
    fn a_cookie_is_read_by_its_exact_name_and_once() {
        let jar = Jar::new(true);
        let read =
            |cookies: &[&str]| jar.read(&headers(cookies), Cookie::Session).map(str::to_owned);
        assert_eq!(read(&["a=b; __Host-vestibule_session=abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["a=b", "__Host-vestibule_session=abc"]).as_deref(), Some("abc"));
        // Planted by a neighbouring host, which cannot use the prefix.
        assert_eq!(read(&["vestibule_session=evil"]), None);
        let twice = ["__Host-vestibule_session=a; __Host-vestibule_session=b"];
        assert_eq!(read(&twice), None);
        assert_eq!(read(&["__Host-vestibule_session="]), None);
        // A neighbour's cookie of any encoding is no reason to forget ours.
        assert_eq!(read(&["a=é; __Host-vestibule_session=abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["\u{2003}__Host-vestibule_session=evil"]), None);
    }
}
