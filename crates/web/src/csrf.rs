//! Whether a request that changes something comes from one of our own pages (decision D11).
//!
//! A form token bound to the browser proves it; so does `Sec-Fetch-Site: same-origin`, which no page
//! can forge; so does, from browsers without that header, our own `Origin`. Pages are sent with
//! `Referrer-Policy: no-referrer`, so browsers write `Origin: null` on our own forms too: it proves
//! nothing and excuses nothing. A request without any proof is refused.

use poem::http::{HeaderMap, header};
use poem::web::Form;
use poem::{Body, FromRequest, Request, RequestBody};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::cookies::{Cookie, Jar};

/// The field every form carries.
#[derive(Deserialize)]
struct Field {
    form_token: String,
}

/// The token that forms of this browser carry, made from what only this browser holds: the key of
/// its session, or else a random cookie. Whoever knows neither cannot make it; a new session makes
/// it another.
pub(crate) fn form_token(held: &str) -> String {
    let digest = Sha256::new().chain_update(b"vestibule/form|").chain_update(held).finalize();
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a request may change something. Reads the body only if nothing else decides.
pub(crate) async fn is_own(request: &mut Request, jar: Jar, origin: &str) -> bool {
    if request.method().is_safe() {
        return true;
    }
    match judge(request.headers(), origin) {
        Verdict::Own => true,
        Verdict::Foreign => false,
        Verdict::Unknown => has_form_token(request, jar).await,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Own,
    Foreign,
    /// The headers do not say; the form token has to.
    Unknown,
}

fn judge(headers: &HeaderMap, origin: &str) -> Verdict {
    let only = |name| {
        let mut values = headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().unwrap_or(""));
        if values.next().is_some() { Some("") } else { first }
    };
    match only(header::HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin") => return Verdict::Own,
        Some("none") | None => {}
        Some(_) => return Verdict::Foreign,
    }
    match only(header::ORIGIN) {
        Some(from) if from == origin => Verdict::Own,
        Some("null") | None => Verdict::Unknown,
        Some(_) => Verdict::Foreign,
    }
}

async fn has_form_token(request: &mut Request, jar: Jar) -> bool {
    let headers = request.headers();
    let held = jar.read(headers, Cookie::Session).or_else(|| jar.read(headers, Cookie::Form));
    let Some(expected) = held.map(form_token) else {
        return false;
    };
    // Small and already here: bodies are bounded and read before anything looks at them.
    let Ok(bytes) = request.take_body().into_bytes().await else {
        return false;
    };
    request.set_body(Body::from_bytes(bytes.clone()));
    let mut body = RequestBody::new(Body::from_bytes(bytes));
    match Form::<Field>::from_request(request, &mut body).await {
        // Compared as digests, so that the time tells nothing about where they differ.
        Ok(Form(field)) => Sha256::digest(field.form_token) == Sha256::digest(expected),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use poem::http::Method;

    use super::*;

    const OURS: &str = "https://accounts.example.com";

    fn request(headers: &[(&str, &str)], body: &'static str) -> Request {
        let mut builder = Request::builder()
            .method(Method::POST)
            .content_type("application/x-www-form-urlencoded");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(body)
    }

    async fn own(headers: &[(&str, &str)]) -> bool {
        is_own(&mut request(headers, ""), Jar::new(true), OURS).await
    }

    #[tokio::test]
    async fn the_matrix_of_headers() {
        for (site, origin, expected) in [
            (Some("same-origin"), Some("null"), true),
            (Some("same-origin"), Some(OURS), true),
            (Some("same-origin"), None, true),
            (Some("cross-site"), Some(OURS), false),
            (Some("cross-site"), Some("https://evil.example"), false),
            (Some("same-site"), Some("https://evil.example.com"), false),
            (Some("same-site"), None, false),
            (Some("none"), None, false),
            (Some(""), Some(OURS), false),
            (None, Some(OURS), true),
            (None, Some("null"), false),
            (None, Some("https://accounts.example.com.evil.example"), false),
            (None, Some("http://accounts.example.com"), false),
            (None, None, false),
        ] {
            let mut headers = Vec::new();
            headers.extend(site.map(|site| ("Sec-Fetch-Site", site)));
            headers.extend(origin.map(|origin| ("Origin", origin)));
            assert_eq!(own(&headers).await, expected, "{site:?} {origin:?}");
        }
        assert!(!own(&[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")]).await);
        assert!(!own(&[("Origin", OURS), ("Origin", "https://evil.example")]).await);
    }

    #[tokio::test]
    async fn looking_is_always_allowed() {
        let mut request = Request::builder().header("Sec-Fetch-Site", "cross-site").finish();
        assert!(is_own(&mut request, Jar::new(true), OURS).await);
    }

    #[tokio::test]
    async fn a_form_token_proves_the_browser_it_was_made_for() {
        let cookie = ("Cookie", "__Host-vestibule_form=abc");
        let body: &'static str = Box::leak(format!("form_token={}&a=b", form_token("abc")).into());
        let proven = |headers: &[(&str, &str)], body| {
            let mut request = request(headers, body);
            async move { is_own(&mut request, Jar::new(true), OURS).await }
        };
        assert!(proven(&[cookie], body).await);
        assert!(proven(&[cookie, ("Origin", "null")], body).await);
        assert!(!proven(&[cookie, ("Origin", "https://evil.example")], body).await);
        assert!(!proven(&[cookie], "form_token=other").await);
        assert!(!proven(&[cookie], "").await);
        assert!(!proven(&[("Cookie", "__Host-vestibule_form=abd")], body).await);
        assert!(!proven(&[], body).await);
        // Whoever is signed in needs the token of their session.
        let session = ("Cookie", "__Host-vestibule_form=abc; __Host-vestibule_session=def");
        assert!(!proven(&[session], body).await);
    }

    #[tokio::test]
    async fn the_body_is_still_there_afterwards() {
        let cookie = ("Cookie", "__Host-vestibule_form=abc");
        let mut request = request(&[cookie], "form_token=x&a=b");
        is_own(&mut request, Jar::new(true), OURS).await;
        let body = request.take_body().into_string().await.unwrap();
        assert_eq!(body, "form_token=x&a=b");
    }
}
