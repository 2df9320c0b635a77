//! Authentication of requests by access token.

use poem::http::header;
use poem::{Request, Result};
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;
use vestibule_domain::sessions::Actor;

use crate::client::caller;
use crate::error::{Act, ApiError};
use crate::state::State;

/// A PASETO v4.public access token from `/api/v1/auth/signin`.
#[derive(SecurityScheme)]
#[oai(rename = "bearer", ty = "bearer", bearer_format = "PASETO", checker = "authenticate")]
pub(crate) struct Signed(pub(crate) Actor);

/// Finds out who holds a token.
pub(crate) async fn authenticate(request: &Request, bearer: Bearer) -> Result<Actor> {
    holder(State::of(request)?, request, &bearer.token).await
}

async fn holder(state: &State, request: &Request, token: &str) -> Result<Actor> {
    // Of several headers a proxy may have looked at another one than we would.
    if request.headers().get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(ApiError::unauthenticated().into());
    }
    let actor = state.sessions.authenticate(token, &caller(request)).await;
    actor.map_err(|error| ApiError::of(Act::Other, error).into())
}

impl State {
    /// Finds out who makes a request of a path beside the API: whoever holds the access token in
    /// its `Authorization`. The session is asked, as for the API's own operations.
    ///
    /// The request has to come through [`protect`](crate::protect), which finds out where it comes
    /// from.
    ///
    /// # Errors
    /// A whole answer, as the API's own operations would give it: 401 without a live session, 403
    /// for an account that is inactive, 404 for one that is gone, 503, 500.
    pub async fn signed_in(&self, request: &Request) -> Result<Actor> {
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
