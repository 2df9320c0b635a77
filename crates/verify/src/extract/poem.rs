//! Extractor of claims for poem.

use poem::error::ResponseError;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{FromRequest, Request, RequestBody, Response, Result};

use super::Rejection;
use crate::claims::Claims;
use crate::remote::RemoteVerifier;

/// Extracts the claims of the bearer token. A [`RemoteVerifier`] must be in the endpoint's data;
/// without one the response is 500.
///
/// ```
/// use poem::{EndpointExt as _, Route, get, handler};
/// use vestibule_verify::{Claims, RemoteVerifier};
///
/// #[handler]
/// async fn me(claims: Claims) -> String {
///     claims.user_id.to_string()
/// }
///
/// let verifier = RemoteVerifier::new("https://id.example.com", "https://api.example.com")?;
/// let app = Route::new().at("/me", get(me)).data(verifier);
/// # Ok::<(), vestibule_verify::SetupError>(())
/// ```
impl<'a> FromRequest<'a> for Claims {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let verifier = Data::<&RemoteVerifier>::from_request_without_body(request).await?;
        Ok(super::claims(&verifier, request.headers()).await?)
    }
}

impl ResponseError for Rejection {
    fn status(&self) -> StatusCode {
        Self::status(self)
    }

    fn as_response(&self) -> Response {
        let (name, value) = self.header();
        Response::builder().status(Self::status(self)).header(name, value).finish()
    }
}
