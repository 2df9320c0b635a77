//! What the extractors of all frameworks have in common: where the token stands in a request, and
//! what is answered to whoever has no good one.

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "poem")]
mod poem;

use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::claims::Claims;
use crate::error::VerifyError;
use crate::remote::{RemoteError, RemoteVerifier};

/// Why a handler is not called.
///
/// The answer has no body. Every refused token gets the same one, so it tells a forger nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The request has no token: 401 with `WWW-Authenticate: Bearer`.
    #[error("the request has no bearer token")]
    NoCredentials,
    /// The token is refused: 401 with `WWW-Authenticate: Bearer error="invalid_token"`. Or there
    /// are no keys: 503 with `Retry-After`.
    #[error("the bearer token is not accepted")]
    Failed(#[from] RemoteError),
}

impl Rejection {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Failed(RemoteError::NoKeys { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoCredentials | Self::Failed(RemoteError::Refused(_)) => StatusCode::UNAUTHORIZED,
        }
    }

    /// The one header of the answer.
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        match self {
            Self::NoCredentials => (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::Failed(RemoteError::Refused(_)) => {
                (WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="invalid_token""#))
            }
            Self::Failed(RemoteError::NoKeys { retry_after, .. }) => {
                // Rounded up, so that nobody comes a moment too early.
                (RETRY_AFTER, HeaderValue::from(retry_after.as_secs().saturating_add(1)))
            }
        }
    }
}

/// The claims of the token in these headers.
async fn claims(verifier: &RemoteVerifier, headers: &HeaderMap) -> Result<Claims, Rejection> {
    let token = bearer(headers)?;
    Ok(verifier.verify(token).await?)
}

/// The token in these headers.
fn bearer(headers: &HeaderMap) -> Result<&str, Rejection> {
    let malformed = || Rejection::Failed(VerifyError::Malformed.into());
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    let header = headers.next().ok_or(Rejection::NoCredentials)?;
    // Of several headers a proxy may have looked at another one than we would.
    if headers.next().is_some() {
        return Err(malformed());
    }
    let text = header.to_str().map_err(|_| malformed())?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Rejection::NoCredentials);
    }
    Ok(token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_token_follows_the_scheme_in_any_case() {
        for value in ["Bearer a.b", "bearer a.b", "BEARER  a.b"] {
            assert_eq!(bearer(&headers(&[value])).unwrap(), "a.b");
        }
    }

    #[test]
    fn another_scheme_or_none_is_no_token() {
        for values in [&[][..], &["Basic YTpi"], &["Bearers a"], &[""]] {
            let rejection = bearer(&headers(values)).unwrap_err();
            assert!(matches!(rejection, Rejection::NoCredentials), "{values:?}");
        }
    }

    #[test]
    fn two_headers_or_foreign_letters_are_refused() {
        for headers in [
            headers(&["Bearer a", "Bearer b"]),
            headers(&["Bearer a", "Basic b"]),
            [(AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xe9").unwrap())]
                .into_iter()
                .collect(),
        ] {
            let rejection = bearer(&headers).unwrap_err();
            assert_eq!(rejection.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(rejection.header().1, r#"Bearer error="invalid_token""#);
        }
    }

    #[test]
    fn without_keys_the_client_is_told_when_to_come_back() {
        let retry_after = Duration::from_millis(1500);
        let rejection = Rejection::from(RemoteError::NoKeys { retry_after, cause: None });
        assert_eq!(rejection.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(rejection.header(), (RETRY_AFTER, HeaderValue::from_static("2")));
    }
}
