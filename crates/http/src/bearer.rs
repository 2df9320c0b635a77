//! Authentication of requests by access token.

use poem::http::header;
use poem::{Request, Result};
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;
use vestibule_domain::use_cases::authenticated_session::AuthenticatedSession;

use crate::client_ip::client;
use crate::error::{Act, ApiError};
use crate::state::ApiState;

/// Access token (PASETO v4.public) from `/api/v1/auth/signin`.
#[derive(SecurityScheme)]
#[oai(rename = "bearer", ty = "bearer", bearer_format = "PASETO", checker = "authenticate")]
pub(crate) struct Signed(pub(crate) AuthenticatedSession);

/// Authenticates an access token.
pub(crate) async fn authenticate(
    request: &Request,
    bearer: Bearer,
) -> Result<AuthenticatedSession> {
    holder(ApiState::of(request)?, request, &bearer.token).await
}

async fn holder(state: &ApiState, request: &Request, token: &str) -> Result<AuthenticatedSession> {
    // Refuse several headers, because a proxy may have checked another one.
    if request.headers().get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(ApiError::unauthenticated().into());
    }
    let actor = state.sessions.authenticate(token, &client(request)).await;
    actor.map_err(|error| ApiError::of(Act::Other, error).into())
}

impl ApiState {
    /// Authenticates a request to a custom path by the access token in its `Authorization` header, as
    /// the API does for its own operations.
    ///
    /// The request must have passed [`protect`](crate::protect), which adds the client info.
    ///
    /// # Errors
    /// A complete response, as of the API's own operations: 401 without a valid session, 403 for an
    /// inactive account, 404 for a deleted one, 503, 500.
    pub async fn signed_in(&self, request: &Request) -> Result<AuthenticatedSession> {
        let header = request.headers().get(header::AUTHORIZATION);
        let (scheme, token) = header
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .ok_or_else(ApiError::unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::unauthenticated().into());
        }
        holder(self, request, token).await
    }
}
