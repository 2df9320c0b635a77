//! Whether a request that changes something comes from one of our own pages (decision D11, in the
//! order of decision 0010).
//!
//! The browser's word comes first, as [`Initiator`] judges it: what comes from elsewhere is refused,
//! with a right form token too. Only where the browser does not say, a form token bound to it has to
//! prove it. Pages are sent with `Referrer-Policy: no-referrer`, so browsers write `Origin: null` on
//! our own forms too: it proves nothing and excuses nothing. A request without any proof is refused.

use poem::web::Form;
use poem::{Body, FromRequest, Request, RequestBody};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use vestibule_domain::caller::{Initiator, Provenance};

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
    let initiator = request.extensions().get::<Initiator>();
    match initiator.map(|page| page.provenance(origin)).unwrap_or_default() {
        Provenance::Own => true,
        Provenance::Foreign => false,
        Provenance::Unknown => has_form_token(request, jar).await,
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

    /// What the browser says in `Sec-Fetch-Site` and in `Origin`.
    type Said = (Option<&'static str>, Option<&'static str>);

    const NOTHING: Said = (None, None);

    fn request((site, origin): Said, cookies: &str, body: String) -> Request {
        let builder = Request::builder()
            .method(Method::POST)
            .content_type("application/x-www-form-urlencoded")
            .header("Cookie", cookies);
        let mut request = builder.body(body);
        request.extensions_mut().insert(Initiator::new(site, origin));
        request
    }

    async fn own(said: Said, cookies: &str, body: String) -> bool {
        is_own(&mut request(said, cookies, body), Jar::new(true), OURS).await
    }

    #[tokio::test]
    async fn the_browsers_word_counts_before_the_token() {
        let evil = Some("https://evil.example");
        for (said, without, with_token) in [
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
            (NOTHING, false, true),
        ] {
            let cookie = "__Host-vestibule_form=abc";
            let token = format!("form_token={}", form_token("abc"));
            assert_eq!(own(said, cookie, String::new()).await, without, "{said:?}");
            assert_eq!(own(said, cookie, token).await, with_token, "{said:?} with a token");
        }
    }

    #[tokio::test]
    async fn who_was_not_asked_has_not_said_anything() {
        let mut request = Request::builder().method(Method::POST).finish();
        assert!(!is_own(&mut request, Jar::new(true), OURS).await);
    }

    #[tokio::test]
    async fn looking_is_always_allowed() {
        let mut request = Request::builder().finish();
        request.extensions_mut().insert(Initiator::new(Some("cross-site"), None));
        assert!(is_own(&mut request, Jar::new(true), OURS).await);
    }

    #[tokio::test]
    async fn a_form_token_proves_the_browser_it_was_made_for() {
        let cookie = "__Host-vestibule_form=abc";
        let body = format!("form_token={}&a=b", form_token("abc"));
        assert!(own(NOTHING, cookie, body.clone()).await);
        assert!(!own(NOTHING, cookie, "form_token=other".to_owned()).await);
        assert!(!own(NOTHING, cookie, String::new()).await);
        assert!(!own(NOTHING, "__Host-vestibule_form=abd", body.clone()).await);
        assert!(!own(NOTHING, "", body.clone()).await);
        // Whoever is signed in needs the token of their session.
        let session = "__Host-vestibule_form=abc; __Host-vestibule_session=def";
        assert!(!own(NOTHING, session, body).await);
    }

    #[tokio::test]
    async fn the_body_is_still_there_afterwards() {
        let cookie = "__Host-vestibule_form=abc";
        let mut request = request(NOTHING, cookie, "form_token=x&a=b".to_owned());
        is_own(&mut request, Jar::new(true), OURS).await;
        let body = request.take_body().into_string().await.unwrap();
        assert_eq!(body, "form_token=x&a=b");
    }
}
