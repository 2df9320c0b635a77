//! The error page.

use serde::Serialize;

use super::View;

/// The error page.
#[derive(Serialize)]
pub(crate) struct Failure {
    /// Kind of the error.
    pub(crate) kind: FailureKind,
    /// Request id, for finding the request in the log.
    pub(crate) reference: Option<String>,
}

/// Kind of an error page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FailureKind {
    /// 400.
    BadRequest,
    /// 403.
    Forbidden,
    /// 403 for an expired or cross-site form.
    FormExpired,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 408.
    Timeout,
    /// 413.
    TooLarge,
    /// 429.
    TooMany,
    /// 500.
    Internal,
    /// 503.
    Unavailable,
}

impl FailureKind {
    /// Returns the kind for a status. Other client errors are bad requests; all other statuses are
    /// internal errors.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            408 => Self::Timeout,
            413 => Self::TooLarge,
            429 => Self::TooMany,
            400..=499 => Self::BadRequest,
            503 => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

impl View for Failure {
    const TEMPLATE: &'static str = "pages/failure.html";

    fn title(&self) -> &'static str {
        match self.kind {
            FailureKind::BadRequest => "errors.badRequestTitle",
            FailureKind::Forbidden => "errors.forbiddenTitle",
            FailureKind::FormExpired => "errors.formExpiredTitle",
            FailureKind::NotFound => "errors.notFoundTitle",
            FailureKind::MethodNotAllowed => "errors.methodNotAllowedTitle",
            FailureKind::Timeout => "errors.timeoutTitle",
            FailureKind::TooLarge => "errors.tooLargeTitle",
            FailureKind::TooMany => "errors.tooManyTitle",
            FailureKind::Internal => "errors.internalTitle",
            FailureKind::Unavailable => "errors.unavailableTitle",
        }
    }

    fn reports_error(&self) -> bool {
        true
    }

    fn is_private(&self) -> bool {
        true
    }
}
