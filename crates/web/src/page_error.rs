//! Errors of the pages: status and kind of the error page for each domain error.
#![warn(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use poem::http::StatusCode;
use vestibule_domain::error::{Error, chain};

use crate::paths;
use crate::views::FailureKind;

/// `Retry-After` in seconds if the service is overloaded or unavailable.
pub(crate) const RETRY_SECONDS: u64 = 1;

/// A response other than the requested page: an error page or a redirect to the sign-in page.
#[derive(Clone, Debug)]
pub(crate) struct PageError {
    /// Status of the response.
    pub(crate) status: StatusCode,
    /// Kind of the error page.
    pub(crate) kind: FailureKind,
    /// `Retry-After` in seconds.
    pub(crate) retry_after: Option<u64>,
    /// Address of the redirect, if it is one.
    pub(crate) location: Option<String>,
}

impl PageError {
    /// Creates an error page.
    pub(crate) fn new(status: StatusCode, kind: FailureKind) -> Self {
        Self { status, kind, retry_after: None, location: None }
    }

    /// Creates an error page for a status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::new(status, FailureKind::of_status(status.as_u16()))
    }

    /// Creates the 404 page.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, FailureKind::NotFound)
    }

    /// Creates the page for an expired or cross-site form.
    pub(crate) fn form_expired() -> Self {
        Self::new(StatusCode::FORBIDDEN, FailureKind::FormExpired)
    }

    /// Creates a redirect to the sign-in page, which returns to `path` afterwards.
    pub(crate) fn sign_in_first(path: &str) -> Self {
        let next = paths::local_page(path).filter(|path| *path != paths::HOME);
        let next = next.map_or_else(String::new, |next| format!("?next={}", paths::escaped(next)));
        let location = Some(format!("{}{next}", paths::LOGIN));
        Self { location, ..Self::new(StatusCode::SEE_OTHER, FailureKind::Forbidden) }
    }
}

impl From<Error> for PageError {
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
            // Forms show these errors at their fields; without a form they are bad requests.
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

impl From<PageError> for poem::Error {
    fn from(error: PageError) -> Self {
        let mut wrapped = Self::from_status(error.status);
        wrapped.set_data(error);
        wrapped
    }
}

/// Rounds a wait up to whole seconds, at least one.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unauthenticated_request_is_redirected_to_sign_in() {
        for error in [Error::Unauthenticated, Error::InvalidRefreshToken] {
            let error = PageError::from(error);
            let redirect = (error.status, error.location.as_deref());
            assert_eq!(redirect, (StatusCode::SEE_OTHER, Some(paths::LOGIN)));
        }
    }

    #[test]
    fn a_wait_is_at_least_one_second() {
        for (wait, seconds) in [
            (Duration::ZERO, 1),
            (Duration::from_nanos(1), 1),
            (Duration::from_secs(1), 1),
            (Duration::from_millis(1001), 2),
        ] {
            let error = PageError::from(Error::Throttled { retry_after: wait });
            assert_eq!(error.retry_after, Some(seconds), "{wait:?}");
        }
    }
}
