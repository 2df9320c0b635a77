//! Paths of the pages, and the redirect targets that are allowed.

pub(crate) const HOME: &str = "/";
pub(crate) const LOGIN: &str = "/login";
pub(crate) const SIGN_UP: &str = "/signup";
pub(crate) const LOGOUT: &str = "/logout";
pub(crate) const ACCOUNT: &str = "/account";
pub(crate) const CHANGE_PASSWORD: &str = "/account/password";
pub(crate) const END_SESSION: &str = "/account/sessions/:id/revoke";
pub(crate) const END_OTHERS: &str = "/account/sessions/revoke-others";
pub(crate) const SETUP: &str = "/setup";

/// The request step, and with `?token=` the reset step.
pub(crate) const RESET: &str = "/password-reset";
/// The same page at the path of mailed links.
pub(crate) const MAILED_RESET: &str = "/reset-password";
pub(crate) const RESET_DONE: &str = "/password-reset/done";
/// The reset pages at the paths of earlier installations.
pub(crate) const LEGACY_REQUEST: &str = "/reset_password_request";
pub(crate) const LEGACY_RESET: &str = "/reset_password/:token";

pub(crate) const ADMIN_SETTINGS: &str = "/admin/settings";
pub(crate) const ADMIN_USERS: &str = "/admin/users";
pub(crate) const ADMIN_USER_ACTION: &str = "/admin/users/:id/:action";
pub(crate) const ADMIN_MAIL: &str = "/admin/mail";
pub(crate) const ADMIN_RESEND: &str = "/admin/mail/:id/resend";

pub(crate) const THEME: &str = "/preferences/theme";
pub(crate) const LANGUAGE: &str = "/preferences/language";
pub(crate) const ASSET: &str = "/assets/:name";
/// W3C: A Well-Known URL for Changing Passwords.
pub(crate) const WELL_KNOWN_CHANGE: &str = "/.well-known/change-password";
/// RFC 9116.
pub(crate) const SECURITY_TXT: &str = "/.well-known/security.txt";

/// Pages without a secret in their address, which are allowed as redirect targets.
const PAGES: [&str; 10] = [
    HOME,
    LOGIN,
    SIGN_UP,
    ACCOUNT,
    RESET,
    MAILED_RESET,
    LEGACY_REQUEST,
    ADMIN_SETTINGS,
    ADMIN_USERS,
    ADMIN_MAIL,
];

/// Path prefixes of the API and its documents. All other paths are pages.
const API_PREFIXES: [&str; 5] = ["/api/", "/health/", "/docs", "/openapi.", "/dev/"];
/// Operations of the API beside the pages.
const API_OPERATIONS: [&str; 4] = [
    "/.well-known/paseto-keys",
    "/password-reset/request",
    "/password-reset/verify",
    "/password-reset/reset",
];

/// Returns `true` for paths of the API and its documents.
pub(crate) fn is_api_path(path: &str) -> bool {
    API_OPERATIONS.contains(&path) || API_PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}

/// Returns the address if it is a page of this site that may be a redirect target (CWE-601). The
/// query may not contain a token.
pub(crate) fn local_page(address: &str) -> Option<&str> {
    let (path, query) = address.split_once('?').map_or((address, ""), |(p, q)| (p, q));
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~=&%+@".contains(&b);
    let has_no_token = !query.split('&').any(|pair| pair.starts_with("token"));
    (PAGES.contains(&path) && query.bytes().all(plain) && has_no_token).then_some(address)
}

/// Returns the methods of a path for `Allow` (RFC 9110, section 15.5.6).
pub(crate) fn methods(path: &str) -> &'static str {
    let both = [LOGIN, SIGN_UP, LOGOUT, SETUP, RESET, MAILED_RESET, LEGACY_REQUEST, ADMIN_SETTINGS];
    let actions = ["/account/", "/admin/users/", "/admin/mail/", "/preferences/"];
    if both.contains(&path) || path.starts_with("/reset_password/") {
        "GET, HEAD, POST"
    } else if actions.iter().any(|prefix| path.starts_with(prefix)) {
        "POST"
    } else {
        "GET, HEAD"
    }
}

/// Percent-encodes a text for a query (RFC 3986, section 2.1).
pub(crate) fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_characters_are_escaped() {
        assert_eq!(escaped("/admin/users?query=a b&ä~"), "/admin/users%3Fquery%3Da%20b%26%C3%A4~");
    }

    #[test]
    fn a_redirect_never_leads_to_another_site() {
        for address in
            ["/account", "/", "/admin/users?query=a%40b", "/admin/mail?cursor=1", "/login"]
        {
            assert_eq!(local_page(address), Some(address));
        }
        for address in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example",
            "/account/../../evil",
            "/account//evil.example",
            "/account?next=https://evil.example",
            "/password-reset?token=v4.public.abc",
            "/reset_password/v4.public.abc",
            "/logout",
            "/account\r\nSet-Cookie: a=b",
            "/account#x",
            "javascript:alert(1)",
            "/unknown",
        ] {
            assert_eq!(local_page(address), None, "{address:?}");
        }
    }

    #[test]
    fn paths_of_the_api_are_recognised() {
        for path in [
            "/api/v1/auth/me",
            "/health/live",
            "/docs",
            "/openapi.json",
            "/dev/mail",
            "/password-reset/verify",
        ] {
            assert!(is_api_path(path), "{path}");
        }
        for path in ["/", "/login", "/.well-known/security.txt", "/reset_password/x", "/nonsense"] {
            assert!(!is_api_path(path), "{path}");
        }
    }

    #[test]
    fn every_path_has_its_methods() {
        assert_eq!(methods("/login"), "GET, HEAD, POST");
        assert_eq!(methods("/reset_password/abc"), "GET, HEAD, POST");
        assert_eq!(methods("/account/sessions/1/revoke"), "POST");
        assert_eq!(methods("/account"), "GET, HEAD");
    }
}
