//! Protection against cross-site request forgery (decision 0010).
//!
//! [`FetchMetadata`] decides first: cross-site requests are rejected, even with a valid form token.
//! Requests without usable headers need a form token that is bound to the browser. Pages have
//! `Referrer-Policy: no-referrer`, so browsers send `Origin: null` with same-origin forms as well;
//! it counts as unknown. Requests without any proof are rejected.

use poem::web::Form;
use poem::{Body, FromRequest, Request, RequestBody};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use vestibule_domain::model::client::{FetchMetadata, RequestOrigin};

use crate::cookies::{Cookie, CookieJar};

/// The form token of a form.
#[derive(Deserialize)]
struct Field {
    form_token: String,
}

/// Returns the form token for a secret of the browser: its session key, or else its form cookie.
/// The token changes with each new session.
pub(crate) fn form_token(secret: &str) -> String {
    let digest = Sha256::new().chain_update(b"vestibule/form|").chain_update(secret).finalize();
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns `true` if the request is safe or same-origin. Reads the body only if needed.
pub(crate) async fn is_allowed(request: &mut Request, jar: CookieJar, origin: &str) -> bool {
    if request.method().is_safe() {
        return true;
    }
    let fetch_metadata = request.extensions().get::<FetchMetadata>();
    match fetch_metadata.map(|metadata| metadata.request_origin(origin)).unwrap_or_default() {
        RequestOrigin::SameOrigin => true,
        RequestOrigin::CrossOrigin => false,
        RequestOrigin::Unknown => has_form_token(request, jar).await,
    }
}

async fn has_form_token(request: &mut Request, jar: CookieJar) -> bool {
    let headers = request.headers();
    let secret = jar.read(headers, Cookie::Session).or_else(|| jar.read(headers, Cookie::Form));
    let Some(expected) = secret.map(form_token) else {
        return false;
    };
    // The body is small and already in memory: an outer layer limits and reads it.
    let Ok(bytes) = request.take_body().into_bytes().await else {
        return false;
    };
    request.set_body(Body::from_bytes(bytes.clone()));
    let mut body = RequestBody::new(Body::from_bytes(bytes));
    match Form::<Field>::from_request(request, &mut body).await {
        // Compares digests, so that timing does not reveal the position of a difference.
        Ok(Form(field)) => Sha256::digest(field.form_token) == Sha256::digest(expected),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use poem::http::Method;

    use super::*;

    const OURS: &str = "https://accounts.example.com";

    /// `Sec-Fetch-Site` and `Origin`.
    type Headers = (Option<&'static str>, Option<&'static str>);

    const NONE: Headers = (None, None);

    fn request((site, origin): Headers, cookies: &str, body: String) -> Request {
        let builder = Request::builder()
            .method(Method::POST)
            .content_type("application/x-www-form-urlencoded")
            .header("Cookie", cookies);
        let mut request = builder.body(body);
        request.extensions_mut().insert(FetchMetadata::new(site, origin));
        request
    }

    async fn allowed(headers: Headers, cookies: &str, body: String) -> bool {
        is_allowed(&mut request(headers, cookies, body), CookieJar::new(true), OURS).await
    }

    #[tokio::test]
    async fn fetch_metadata_counts_before_the_token() {
        let evil = Some("https://evil.example");
        for (headers, without, with_token) in [
            ((Some("same-origin"), Some("null")), true, true),
            ((Some("same-origin"), Some(OURS)), true, true),
            ((Some("same-origin"), None), true, true),
            ((Some("cross-site"), Some(OURS)), false, false),
            ((Some("cross-site"), evil), false, false),
            ((Some("same-site"), Some("https://evil.example.com")), false, false),
            ((Some("same-site"), None), false, false),
            ((Some("none"), None), false, true),
            ((Some("none"), Some("null")), false, true),
            ((Some("none"), Some(OURS)), false, true),
            ((Some("none"), evil), false, false),
            ((Some(""), Some(OURS)), false, false),
            ((None, Some(OURS)), true, true),
            ((None, Some("null")), false, true),
            ((None, Some("")), false, false),
            ((None, evil), false, false),
            ((None, Some("https://accounts.example.com.evil.example")), false, false),
            ((None, Some("http://accounts.example.com")), false, false),
            (NONE, false, true),
        ] {
            let cookie = "__Host-vestibule_form=abc";
            let token = format!("form_token={}", form_token("abc"));
            assert_eq!(allowed(headers, cookie, String::new()).await, without, "{headers:?}");
            assert_eq!(
                allowed(headers, cookie, token).await,
                with_token,
                "{headers:?} with a token"
            );
        }
    }

    #[tokio::test]
    async fn a_request_without_fetch_metadata_needs_a_token() {
        let mut request = Request::builder().method(Method::POST).finish();
        assert!(!is_allowed(&mut request, CookieJar::new(true), OURS).await);
    }

    #[tokio::test]
    async fn safe_methods_are_always_allowed() {
        let mut request = Request::builder().finish();
        request.extensions_mut().insert(FetchMetadata::new(Some("cross-site"), None));
        assert!(is_allowed(&mut request, CookieJar::new(true), OURS).await);
    }

    #[tokio::test]
    async fn a_form_token_is_valid_for_its_browser_only() {
        let cookie = "__Host-vestibule_form=abc";
        let body = format!("form_token={}&a=b", form_token("abc"));
        assert!(allowed(NONE, cookie, body.clone()).await);
        assert!(!allowed(NONE, cookie, "form_token=other".to_owned()).await);
        assert!(!allowed(NONE, cookie, String::new()).await);
        assert!(!allowed(NONE, "__Host-vestibule_form=abd", body.clone()).await);
        assert!(!allowed(NONE, "", body.clone()).await);
        // With a session, its token is required.
        let session = "__Host-vestibule_form=abc; __Host-vestibule_session=def";
        assert!(!allowed(NONE, session, body).await);
    }

    #[tokio::test]
    async fn the_body_is_kept_for_the_handler() {
        let cookie = "__Host-vestibule_form=abc";
        let mut request = request(NONE, cookie, "form_token=x&a=b".to_owned());
        is_allowed(&mut request, CookieJar::new(true), OURS).await;
        let body = request.take_body().into_string().await.unwrap();
        assert_eq!(body, "form_token=x&a=b");
    }
}
