//! Shared parts of the extractors: the token in a request, and the response without a valid one.

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "poem")]
mod poem;

use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::claims::Claims;
use crate::error::VerifyError;
use crate::remote::{RemoteError, RemoteVerifier};

/// Rejection of a request by an extractor.
///
/// The response has no body, and is the same for every invalid token, so that it reveals nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The request has no token: 401 with `WWW-Authenticate: Bearer`.
    #[error("no bearer token in the request")]
    NoCredentials,
    /// The token is invalid: 401 with `WWW-Authenticate: Bearer error="invalid_token"`. Or there
    /// are no keys: 503 with `Retry-After`.
    #[error("bearer token rejected")]
    Failed(#[from] RemoteError),
}

impl Rejection {
    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Failed(RemoteError::NoKeys { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoCredentials | Self::Failed(RemoteError::Refused(_)) => StatusCode::UNAUTHORIZED,
        }
    }

    /// Returns the header of the response.
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        match self {
            Self::NoCredentials => (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::Failed(RemoteError::Refused(_)) => {
                (WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="invalid_token""#))
            }
            Self::Failed(RemoteError::NoKeys { retry_after, .. }) => {
                // Rounded up, so that a retry is not too early.
                (RETRY_AFTER, HeaderValue::from(retry_after.as_secs().saturating_add(1)))
            }
        }
    }
}

/// Returns the claims of the token in the headers.
async fn claims(verifier: &RemoteVerifier, headers: &HeaderMap) -> Result<Claims, Rejection> {
    let token = bearer(headers)?;
    Ok(verifier.verify(token).await?)
}

/// Returns the token in the headers.
fn bearer(headers: &HeaderMap) -> Result<&str, Rejection> {
    let malformed = || Rejection::Failed(VerifyError::Malformed.into());
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    let header = headers.next().ok_or(Rejection::NoCredentials)?;
    // With several headers, a proxy may have checked a different one.
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
    fn another_scheme_or_none_is_not_a_token() {
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
    fn without_keys_the_response_has_retry_after() {
        let retry_after = Duration::from_millis(1500);
        let rejection = Rejection::from(RemoteError::NoKeys { retry_after, cause: None });
        assert_eq!(rejection.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(rejection.header(), (RETRY_AFTER, HeaderValue::from_static("2")));
    }
}
