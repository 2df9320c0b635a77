//! Extractors for client and session, and the mapping of errors to responses.

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
use vestibule_domain::error::{Error, Rule, Violation, chain};
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::use_cases::authenticated_session::AuthenticatedSession;

use crate::accounts::Accounts;

/// Time limit of a request.
const DEADLINE: Duration = Duration::from_secs(20);

/// Extractor of the client. Limits count by its IP address, which mails and the audit log name.
pub struct Client(pub ClientInfo);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(ClientInfo::new(peer.map(|ConnectInfo(peer)| peer.ip()), agent)))
    }
}

/// A JSON body of the expected form.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = (StatusCode, Json<Value>);

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let read = Json::from_request(request, state).await;
        // The library's error texts may quote the request body.
        read.map(|Json(body)| Self(body))
            .map_err(|refused| (refused.status(), Json(json!({ "error": "malformed" }))))
    }
}

/// Limits the time of every request, and forbids caching, because many responses hold a token.
pub(crate) async fn bounded(request: Request, next: Next) -> Response {
    let Ok(mut answer) = timeout(DEADLINE, next.run(request)).await else {
        return StatusCode::REQUEST_TIMEOUT.into_response();
    };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Extractor of the signed-in user. Each request checks the session, so a token is invalid as soon
/// as the user signs out or changes the password.
pub struct Signed(pub AuthenticatedSession);

impl FromRequestParts<Arc<Accounts>> for Signed {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        accounts: &Arc<Accounts>,
    ) -> Result<Self, Failure> {
        let Client(client) = Client::from_request_parts(parts, accounts).await?;
        let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
        let (scheme, token) = headers
            .next()
            .and_then(|header| header.to_str().ok()?.split_once(' '))
            .ok_or(Error::Unauthenticated)?;
        // With several headers, a proxy may have checked a different one.
        if headers.next().is_some() || !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::Unauthenticated.into());
        }
        Ok(Self(accounts.sessions.authenticate(token, &client).await?))
    }
}

/// Returns the parsed value, or a validation error for the field.
pub(crate) fn checked<T, E: Into<Rule>>(
    field: &'static str,
    parsed: Result<T, E>,
) -> Result<T, Failure> {
    let broken = |rule: E| Error::InvalidInput(vec![Violation { field, rule: rule.into() }]);
    parsed.map_err(|rule| Failure(broken(rule)))
}

/// An error response.
pub struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// Maps errors to statuses, without a wildcard: the compiler reports each new error.
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
            // Rounded up, so that a retry after that many seconds is not too early.
            let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        answer
    }
}

/// Logs an error with all its causes, which responses must not contain.
#[expect(clippy::print_stderr, reason = "the example has no logger; use yours")]
pub(crate) fn report(error: &Error) {
    eprintln!("{}", chain(error));
}
