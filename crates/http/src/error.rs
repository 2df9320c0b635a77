//! The mapping of domain and framework errors to statuses and problem details.
#![warn(clippy::wildcard_enum_match_arm)]

mod sentences;

use std::any::Any;
use std::time::Duration;

use poem::http::StatusCode;
use poem::middleware::PanicHandler;
use poem::{IntoResponse, PathPattern, Response};
use poem_openapi::error::{AuthorizationError, ContentTypeError, ParseParamError, ParsePathError};
use poem_openapi::{ApiResponse, OperationId};
use vestibule_domain::error::{Error, Rule, Violation, chain};

use crate::problem::{FieldProblem, Problem, ProblemJson};

/// The errors of operations, with their statuses.
#[derive(ApiResponse)]
pub(crate) enum ApiError {
    /// Bad request; `code` has the reason.
    #[oai(status = 400)]
    BadRequest(ProblemJson),
    /// Missing or invalid credentials.
    #[oai(status = 401)]
    Unauthorized(ProblemJson, #[oai(header = "WWW-Authenticate")] String),
    /// Not allowed with these credentials.
    #[oai(status = 403)]
    Forbidden(ProblemJson),
    /// Not found.
    #[oai(status = 404)]
    NotFound(ProblemJson),
    /// Method not allowed; `Allow` lists the allowed ones.
    #[oai(status = 405)]
    MethodNotAllowed(ProblemJson),
    /// The request was not received in time.
    #[oai(status = 408)]
    Timeout(ProblemJson),
    /// The body is larger than 16 KiB.
    #[oai(status = 413)]
    TooLarge(ProblemJson),
    /// The content type of the body is not `application/json`.
    #[oai(status = 415)]
    UnsupportedMediaType(ProblemJson),
    /// Validation failed; `errors` lists the fields.
    #[oai(status = 422)]
    Unprocessable(ProblemJson),
    /// Too many attempts; `Retry-After` has the seconds to wait.
    #[oai(status = 429)]
    TooManyRequests(ProblemJson, #[oai(header = "Retry-After")] u64),
    /// Internal error; the log has the cause with the `request_id`.
    #[oai(status = 500)]
    Internal(ProblemJson),
    /// Overloaded, or a dependency is unavailable; `Retry-After` has the seconds to wait.
    #[oai(status = 503)]
    Unavailable(ProblemJson, #[oai(header = "Retry-After")] u64),
}

/// The kind of operation, for the `detail` of an internal error.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Registration,
    SignIn,
    Reset,
    Change,
    Other,
}

impl Act {
    fn failure(self) -> &'static str {
        match self {
            Self::Registration => "Error during registration",
            Self::SignIn => "Error during sign in",
            Self::Reset => "Error resetting password",
            Self::Change => "Error changing password",
            Self::Other => "Internal server error",
        }
    }
}

/// `Retry-After` of 503 responses.
const UNAVAILABLE_RETRY_SECONDS: u64 = 1;
pub(crate) const UNAVAILABLE: &str = "The service is temporarily unavailable, please try again";
const NOTHING_HERE: &str = "There is nothing here";

impl ApiError {
    /// Converts the error of a use case. Internal errors are logged here, once, with all causes.
    pub(crate) fn of(act: Act, error: Error) -> Self {
        let code = error.code();
        let problem = |status, detail| Problem::new(status, code, detail).into();
        let bad_request = |detail| Self::BadRequest(problem(StatusCode::BAD_REQUEST, detail));
        let forbidden = |detail| Self::Forbidden(problem(StatusCode::FORBIDDEN, detail));
        let not_found = |detail| Self::NotFound(problem(StatusCode::NOT_FOUND, detail));
        match error {
            Error::InvalidInput(violations) => Self::Unprocessable(invalid(&violations)),
            Error::EmailTaken => bad_request("Email already registered"),
            Error::UsernameTaken => bad_request("Username already taken"),
            Error::SignUpClosed => {
                forbidden("Sign-up is closed; ask an administrator for an account")
            }
            Error::InvalidCredentials => {
                Self::unauthorized(problem(StatusCode::UNAUTHORIZED, "Invalid email or password"))
            }
            Error::Unauthenticated => Self::unauthenticated(),
            Error::InvalidRefreshToken => Self::unauthorized(problem(
                StatusCode::UNAUTHORIZED,
                "Invalid or expired refresh token",
            )),
            Error::Forbidden => forbidden("Administrators only"),
            Error::ProofRequired => {
                forbidden("Sign in again to do this: the last sign-in was more than 5 minutes ago")
            }
            Error::OwnAccount => bad_request("You cannot do this to your own account"),
            Error::NotFound => not_found("Not found"),
            Error::SetByConfiguration => bad_request("Set by the configuration; change it there"),
            Error::MailNotSetUp => bad_request("E-mail is not set up yet"),
            Error::IncorrectPassword => bad_request("Incorrect current password"),
            Error::PasswordRefused(_) => Self::of(act, at_field(error, "password")),
            Error::AccountInactive => forbidden("User account is inactive"),
            Error::InvalidToken => bad_request("Invalid or expired token"),
            Error::UserNotFound => not_found("User not found"),
            Error::Throttled { retry_after } => Self::TooManyRequests(
                problem(StatusCode::TOO_MANY_REQUESTS, "Too many requests, please try again later"),
                whole_seconds(retry_after),
            ),
            error @ Error::Unavailable(_) => {
                tracing::warn!(error = chain(&error), "unavailable");
                let problem = problem(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE);
                Self::Unavailable(problem, UNAVAILABLE_RETRY_SECONDS)
            }
            error @ Error::Internal(_) => {
                tracing::error!(error = chain(&error), "internal error");
                Self::fault(act)
            }
        }
    }

    /// Returns the error for a request without a valid session.
    pub(crate) fn unauthenticated() -> Self {
        let status = StatusCode::UNAUTHORIZED;
        let detail = "Could not validate credentials";
        Self::unauthorized(Problem::new(status, "unauthenticated", detail).into())
    }

    fn unauthorized(problem: ProblemJson) -> Self {
        Self::Unauthorized(problem, "Bearer".to_owned())
    }

    /// Returns the error for a cross-site request with a browser session.
    pub(crate) fn cross_site() -> Self {
        let status = StatusCode::FORBIDDEN;
        let detail = "A request with a session cookie must come from the service's own pages";
        Self::Forbidden(Problem::new(status, "cross_site", detail).into())
    }

    /// Returns the error for a body that does not match the schema.
    pub(crate) fn malformed(field: String, code: &str, detail: &str) -> Self {
        let error = FieldProblem { field, code: code.to_owned(), detail: detail.to_owned() };
        Self::Unprocessable(unprocessable(vec![error]))
    }

    /// Returns the error for a body that is not JSON.
    pub(crate) fn not_json(detail: &str) -> Self {
        Self::BadRequest(Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail).into())
    }
}

/// Converts a refused password to a validation error of the operation's field.
pub(crate) fn at_field(error: Error, field: &'static str) -> Error {
    if let Error::PasswordRefused(why) = error {
        return Error::InvalidInput(vec![Violation { field, rule: Rule::Password(why) }]);
    }
    error
}

fn unprocessable(errors: Vec<FieldProblem>) -> ProblemJson {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let detail = "Some fields are not acceptable";
    Problem { errors: Some(errors), ..Problem::new(status, "invalid_input", detail) }.into()
}

fn invalid(violations: &[Violation]) -> ProblemJson {
    let problem_of = |violation: &Violation| FieldProblem {
        field: violation.field.to_owned(),
        code: violation.rule.code().to_owned(),
        detail: sentences::of(violation),
    };
    unprocessable(violations.iter().map(problem_of).collect())
}

/// Rounds up to seconds, so that a client does not retry too early.
fn whole_seconds(duration: Duration) -> u64 {
    let rounded = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    rounded.max(1)
}

/// Converts an error from outside of operations, such as 404, to problem details.
///
/// Messages of poem are not passed on, because they may quote the request.
pub async fn respond(error: poem::Error) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let mut response = ApiError::of_framework(&error).into_response();
    if let Some(OperationId(operation)) = error.data() {
        response.set_data(OperationId(operation));
    }
    if let Some(route) = error.data::<PathPattern>() {
        response.set_data(route.clone());
    }
    response
}

impl ApiError {
    fn of_framework(error: &poem::Error) -> Self {
        let problem = |status, code, detail| Problem::new(status, code, detail).into();
        if error.is::<AuthorizationError>() {
            return Self::unauthenticated();
        }
        if let Some(ParseParamError { name, .. }) = error.downcast_ref() {
            let detail = "The value is not one that this parameter takes";
            return Self::malformed((*name).to_owned(), "invalid_value", detail);
        }
        if error.is::<ParsePathError>() {
            return Self::NotFound(problem(StatusCode::NOT_FOUND, "not_found", NOTHING_HERE));
        }
        if error.is::<ContentTypeError>() {
            return Self::UnsupportedMediaType(problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body as application/json",
            ));
        }
        match error.status() {
            status @ StatusCode::NOT_FOUND => {
                Self::NotFound(problem(status, "not_found", NOTHING_HERE))
            }
            status @ StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed(problem(
                status,
                "method_not_allowed",
                "This method is not allowed here",
            )),
            status @ StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge(problem(
                status,
                "payload_too_large",
                "The body is larger than 16 KiB",
            )),
            status @ StatusCode::REQUEST_TIMEOUT => Self::Timeout(problem(
                status,
                "request_timeout",
                "The request did not arrive in time",
            )),
            status @ StatusCode::SERVICE_UNAVAILABLE => {
                tracing::error!("a request hung and was given up");
                Self::Unavailable(
                    problem(status, "unavailable", UNAVAILABLE),
                    UNAVAILABLE_RETRY_SECONDS,
                )
            }
            status if status.is_client_error() => Self::BadRequest(problem(
                StatusCode::BAD_REQUEST,
                "malformed_request",
                "The request cannot be read",
            )),
            _ => {
                tracing::error!(%error, "request failed");
                Self::fault(Act::Other)
            }
        }
    }

    fn fault(act: Act) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::Internal(Problem::new(status, "internal_error", act.failure()).into())
    }
}

/// Handles a panic of an operation; the process continues.
#[derive(Clone)]
pub(crate) struct Panicked;

impl PanicHandler for Panicked {
    type Response = Response;

    fn get_response(&self, _: Box<dyn Any + Send + 'static>) -> Response {
        // The panic hook has logged the location; the payload may contain secrets.
        tracing::error!("an operation panicked");
        ApiError::fault(Act::Other).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_status_and_sentence() {
        let table = [
            (Error::InvalidInput(Vec::new()), 422, "Some fields are not acceptable"),
            (Error::EmailTaken, 400, "Email already registered"),
            (Error::UsernameTaken, 400, "Username already taken"),
            (Error::InvalidCredentials, 401, "Invalid email or password"),
            (Error::IncorrectPassword, 400, "Incorrect current password"),
            (Error::SignUpClosed, 403, "Sign-up is closed; ask an administrator for an account"),
            (
                Error::Throttled { retry_after: Duration::ZERO },
                429,
                "Too many requests, please try again later",
            ),
            (Error::Unavailable("secret cause".into()), 503, UNAVAILABLE),
            (Error::AccountInactive, 403, "User account is inactive"),
            (Error::InvalidToken, 400, "Invalid or expired token"),
            (Error::Unauthenticated, 401, "Could not validate credentials"),
            (Error::UserNotFound, 404, "User not found"),
            (Error::Forbidden, 403, "Administrators only"),
            (
                Error::ProofRequired,
                403,
                "Sign in again to do this: the last sign-in was more than 5 minutes ago",
            ),
            (Error::OwnAccount, 400, "You cannot do this to your own account"),
            (Error::NotFound, 404, "Not found"),
            (Error::SetByConfiguration, 400, "Set by the configuration; change it there"),
            (Error::MailNotSetUp, 400, "E-mail is not set up yet"),
            (Error::Internal("secret cause".into()), 500, "Error during registration"),
        ];
        for (error, status, detail) in table {
            let code = error.code();
            let response = ApiError::of(Act::Registration, error).into_response();
            assert_eq!(response.status().as_u16(), status, "{code}");
            let body = response.into_body();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let text = runtime.block_on(body.into_string()).unwrap();
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(json["code"], code);
            assert_eq!(json["detail"], detail);
            assert_eq!(json["status"], status);
            assert!(!text.contains("secret cause"));
        }
    }

    #[test]
    fn waiting_times_are_rounded_up() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(11_001)), 12);
        assert_eq!(whole_seconds(Duration::from_secs(12)), 12);
    }
}
