//! From what went wrong to an answer: the one table of the pages.
#![warn(clippy::wildcard_enum_match_arm)]

use std::sync::Arc;
use std::time::Duration;

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Request, Response};
use vestibule_domain::error::{Error, chain};

use crate::paths;
use crate::site::Site;
use crate::views::{Failure, FailureKind, FieldError, FormState};
use crate::visit::Visit;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long a browser should wait when something is overloaded or down.
const RETRY_SECONDS: u64 = 1;

/// Why there is another answer than the one that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    status: StatusCode,
    kind: FailureKind,
    retry_after: Option<u64>,
    location: Option<String>,
}

impl Fault {
    /// A page of that kind.
    pub(crate) fn new(status: StatusCode, kind: FailureKind) -> Self {
        Self { status, kind, retry_after: None, location: None }
    }

    /// There is no such page.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, FailureKind::NotFound)
    }

    /// The form is too old, or none of ours.
    pub(crate) fn form_expired() -> Self {
        Self::new(StatusCode::FORBIDDEN, FailureKind::FormExpired)
    }

    /// The sign-in page, which then leads back.
    pub(crate) fn sign_in_first(path: &str) -> Self {
        let next = paths::own_page(path).filter(|path| *path != paths::HOME);
        let next = next.map_or_else(String::new, |next| format!("?next={}", escaped(next)));
        let location = Some(format!("{}{next}", paths::LOGIN));
        Self { location, ..Self::new(StatusCode::SEE_OTHER, FailureKind::Forbidden) }
    }

    /// The answer.
    pub(crate) fn respond(self, site: &Arc<Site>, request: &Preferences) -> Response {
        let visit = request.visit(site);
        if let Some(location) = &self.location {
            return visit.redirect(location);
        }
        let view = Failure { kind: self.kind, reference: request.name() };
        let page = visit.page(self.status, &view, false);
        let mut response = page.unwrap_or_else(|_| self.status.into());
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What of a request its failure page needs, kept while the request is being answered.
pub(crate) struct Preferences(Request);

impl Preferences {
    /// Copies the address and the headers.
    pub(crate) fn of(request: &Request) -> Self {
        let mut copy = Request::builder().uri(request.uri().clone()).finish();
        copy.headers_mut().clone_from(request.headers());
        Self(copy)
    }

    /// Takes the name of the request from the headers of its answer.
    pub(crate) fn named_by(mut self, headers: &HeaderMap) -> Self {
        if let Some(name) = headers.get(REQUEST_ID) {
            self.0.headers_mut().insert(REQUEST_ID, name.clone());
        }
        self
    }

    /// What the log calls the request.
    fn name(&self) -> Option<String> {
        self.0.header(REQUEST_ID).map(str::to_owned)
    }

    fn visit(&self, site: &Arc<Site>) -> Visit {
        Visit::anonymous(site, &self.0)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let page = |status, kind| Self::new(status, kind);
        match error {
            Error::Unauthenticated => Self::sign_in_first(paths::HOME),
            Error::Forbidden | Error::ProofRequired => {
                page(StatusCode::FORBIDDEN, FailureKind::Forbidden)
            }
            Error::NotFound | Error::UserNotFound => Self::not_found(),
            Error::Throttled { retry_after } => Self {
                retry_after: Some(whole_seconds(retry_after)),
                ..page(StatusCode::TOO_MANY_REQUESTS, FailureKind::TooMany)
            },
            error @ Error::Unavailable(_) => {
                tracing::warn!(error = chain(&error), "unavailable");
                Self {
                    retry_after: Some(RETRY_SECONDS),
                    ..page(StatusCode::SERVICE_UNAVAILABLE, FailureKind::Unavailable)
                }
            }
            error @ Error::Internal(_) => {
                tracing::error!(error = chain(&error), "internal error");
                page(StatusCode::INTERNAL_SERVER_ERROR, FailureKind::Internal)
            }
            // What a form can be told is told at the form; what comes here came without one.
            Error::InvalidInput(_)
            | Error::EmailTaken
            | Error::UsernameTaken
            | Error::SignUpClosed
            | Error::InvalidCredentials
            | Error::IncorrectPassword
            | Error::PasswordReused
            | Error::AccountInactive
            | Error::InvalidToken
            | Error::OwnAccount
            | Error::SetByConfiguration
            | Error::MailNotSetUp => page(StatusCode::BAD_REQUEST, FailureKind::BadRequest),
        }
    }
}

impl From<Fault> for poem::Error {
    fn from(fault: Fault) -> Self {
        let mut error = Self::from_status(fault.status);
        error.set_data(fault);
        error
    }
}

/// What a form is told about a use case that failed: what is wrong with its fields, that it has to
/// wait, or that we could not. Everything else is no matter for a form.
///
/// # Errors
/// The fault that needs another page.
pub(crate) fn at_form(
    error: Error,
    place: impl Fn(&'static str) -> &'static str,
) -> Result<(StatusCode, FormState), Fault> {
    match error {
        Error::InvalidInput(violations) => {
            let errors = FieldError::of_violations(&violations, place);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, FormState::Wrong { errors }))
        }
        Error::Throttled { retry_after } => {
            let wait_seconds = whole_seconds(retry_after);
            Ok((StatusCode::TOO_MANY_REQUESTS, FormState::Throttled { wait_seconds }))
        }
        error @ (Error::Unavailable(_) | Error::Internal(_)) => {
            Ok((Fault::from(error).status, FormState::Failed))
        }
        error @ (Error::Unauthenticated
        | Error::Forbidden
        | Error::ProofRequired
        | Error::NotFound
        | Error::UserNotFound
        | Error::EmailTaken
        | Error::UsernameTaken
        | Error::SignUpClosed
        | Error::InvalidCredentials
        | Error::IncorrectPassword
        | Error::PasswordReused
        | Error::AccountInactive
        | Error::InvalidToken
        | Error::OwnAccount
        | Error::SetByConfiguration
        | Error::MailNotSetUp) => Err(error.into()),
    }
}

/// One thing that is wrong with one field.
pub(crate) fn wrong(field: &'static str, code: &str) -> (StatusCode, FormState) {
    wrongs(vec![FieldError::new(field, code)])
}

/// Things that are wrong with fields.
pub(crate) fn wrongs(errors: Vec<FieldError>) -> (StatusCode, FormState) {
    (StatusCode::UNPROCESSABLE_ENTITY, FormState::Wrong { errors })
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Makes a text fit into a query (RFC 3986, section 2.1).
pub(crate) fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}
