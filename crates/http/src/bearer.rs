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
    let state = State::of(request)?;
    // Of several headers a proxy may have looked at another one than we would.
    if request.headers().get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(ApiError::unauthenticated().into());
    }
    let actor = state.sessions.authenticate(&bearer.token, &caller(request)).await;
    actor.map_err(|error| ApiError::of(Act::Other, error).into())
}
