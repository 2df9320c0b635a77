//! Between axum and the use cases: who calls, who is signed in, and how an error becomes an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;
use vestibule_domain::caller::Caller;
use vestibule_domain::error::{Error, Rule, Violation, chain};
use vestibule_domain::sessions::Actor;

use crate::accounts::Accounts;

/// What a request may take, from its head to its answer.
const DEADLINE: Duration = Duration::from_secs(20);

/// Who calls. Limits are counted by the address, and owners are told of it.
pub struct Client(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(Caller::new(peer.map(|ConnectInfo(peer)| peer.ip()), agent)))
    }
}

/// What somebody sent, if it is what was asked for.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = (StatusCode, Json<Value>);

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let read = Json::from_request(request, state).await;
        // The library's own words may quote what was sent.
        read.map(|Json(body)| Self(body))
            .map_err(|refused| (refused.status(), Json(json!({ "error": "malformed" }))))
    }
}

/// A bound on the time of every request; and no answer gets into a cache, because many hold a token.
pub(crate) async fn bounded(request: Request, next: Next) -> Response {
    let Ok(mut answer) = timeout(DEADLINE, next.run(request)).await else {
        return StatusCode::REQUEST_TIMEOUT.into_response();
    };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Whoever holds the access token. The session is asked every time, so a token is worth nothing
/// from the moment its owner signs out or changes the password.
pub struct Signed(pub Actor);

impl FromRequestParts<Arc<Accounts>> for Signed {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        accounts: &Arc<Accounts>,
    ) -> Result<Self, Failure> {
        let Client(caller) = Client::from_request_parts(parts, accounts).await?;
        let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
        let (scheme, token) = headers
            .next()
            .and_then(|header| header.to_str().ok()?.split_once(' '))
            .ok_or(Error::Unauthenticated)?;
        // Of several headers a proxy may have looked at another one.
        if headers.next().is_some() || !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::Unauthenticated.into());
        }
        Ok(Self(accounts.sessions.authenticate(token, &caller).await?))
    }
}

/// A parsed value, or the rule that its field breaks.
pub(crate) fn checked<T, E: Into<Rule>>(
    field: &'static str,
    parsed: Result<T, E>,
) -> Result<T, Failure> {
    let broken = |rule: E| Error::InvalidInput(vec![Violation { field, rule: rule.into() }]);
    parsed.map_err(|rule| Failure(broken(rule)))
}

/// Why there is no better answer.
pub struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// The one table, without a wildcard: for an error that is new, somebody has to decide.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::InvalidInput(_) | Error::PasswordRefused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::EmailTaken | Error::UsernameTaken => StatusCode::CONFLICT,
        Error::InvalidCredentials | Error::Unauthenticated | Error::InvalidRefreshToken => {
            StatusCode::UNAUTHORIZED
        }
        Error::SignUpClosed
        | Error::AccountInactive
        | Error::Forbidden
        | Error::ProofRequired
        | Error::OwnAccount
        | Error::SetByConfiguration => StatusCode::FORBIDDEN,
        Error::IncorrectPassword | Error::InvalidToken | Error::MailNotSetUp => {
            StatusCode::BAD_REQUEST
        }
        Error::NotFound | Error::UserNotFound => StatusCode::NOT_FOUND,
        Error::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let status = status(&error);
        if status.is_server_error() {
            report(&error);
        }
        let body = match &error {
            Error::InvalidInput(broken) => {
                let rules = broken.iter().map(|broken| (broken.field, broken.rule.code()));
                json!({ "error": error.code(), "fields": rules.collect::<Vec<_>>() })
            }
            _ => json!({ "error": error.code() }),
        };
        let mut answer = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let headers = answer.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Error::Throttled { retry_after } = error {
            // Rounded up: whoever comes back after so many seconds is not early.
            let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        answer
    }
}

/// Says once, with all its causes, what only the log may know.
#[expect(clippy::print_stderr, reason = "the example has no logger; use yours")]
pub(crate) fn report(error: &Error) {
    eprintln!("{}", chain(error));
}
