//! From what went wrong to an answer: the one table of the pages.
#![warn(clippy::wildcard_enum_match_arm)]

use std::sync::Arc;
use std::time::Duration;

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Request, Response};
use vestibule_domain::error::{Error, chain};

use crate::paths;
use crate::site::Site;
use crate::views::{Failure, FailureKind};
use crate::visit::Visit;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long a browser should wait when something is overloaded or down.
pub(crate) const RETRY_SECONDS: u64 = 1;

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

    /// What it is answered with.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
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
        let next = next.map_or_else(String::new, |next| format!("?next={}", paths::escaped(next)));
        let location = Some(format!("{}{next}", paths::LOGIN));
        Self { location, ..Self::new(StatusCode::SEE_OTHER, FailureKind::Forbidden) }
    }

    /// The answer.
    pub(crate) fn respond(self, site: &Arc<Site>, request: &RequestCopy) -> Response {
        let visit = request.visit(site);
        if let Some(location) = &self.location {
            return visit.redirect(location);
        }
        let view = Failure { kind: self.kind, reference: request.name() };
        let page = visit.page(self.status, &view);
        let mut response = page.unwrap_or_else(|_| self.status.into());
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The address and the headers of a request, for its failure page: the request itself is gone by
/// then.
pub(crate) struct RequestCopy(Request);

impl RequestCopy {
    /// Copies them.
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
            Error::Unauthenticated | Error::InvalidRefreshToken => Self::sign_in_first(paths::HOME),
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
            | Error::PasswordRefused(_)
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

/// How long to wait, for a header and for people: less than a second is a second.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_to_sign_in_is_led_there() {
        for error in [Error::Unauthenticated, Error::InvalidRefreshToken] {
            let fault = Fault::from(error);
            let led = (fault.status, fault.location.as_deref());
            assert_eq!(led, (StatusCode::SEE_OTHER, Some(paths::LOGIN)));
        }
    }

    #[test]
    fn nobody_is_told_to_wait_for_no_time() {
        for (wait, seconds) in [
            (Duration::ZERO, 1),
            (Duration::from_nanos(1), 1),
            (Duration::from_secs(1), 1),
            (Duration::from_millis(1001), 2),
        ] {
            let fault = Fault::from(Error::Throttled { retry_after: wait });
            assert_eq!(fault.retry_after, Some(seconds), "{wait:?}");
        }
    }
}
