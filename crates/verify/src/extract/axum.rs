//! Extractor of claims for axum.

use axum_core::extract::{FromRef, FromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;

use super::Rejection;
use crate::claims::Claims;
use crate::remote::RemoteVerifier;

/// Extracts the claims of the bearer token. The router's state is a [`RemoteVerifier`] or provides
/// one with `FromRef`.
///
/// ```
/// use axum::{Router, routing::get};
/// use vestibule_verify::{Claims, RemoteVerifier};
///
/// async fn me(claims: Claims) -> String {
///     claims.user_id.to_string()
/// }
///
/// let verifier = RemoteVerifier::new("https://id.example.com", "https://api.example.com")?;
/// let app: Router = Router::new().route("/me", get(me)).with_state(verifier);
/// # Ok::<(), vestibule_verify::SetupError>(())
/// ```
impl<S: Send + Sync> FromRequestParts<S> for Claims
where
    RemoteVerifier: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        super::claims(&RemoteVerifier::from_ref(state), &parts.headers).await
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        (self.status(), [self.header()]).into_response()
    }
}
