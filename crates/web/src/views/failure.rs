//! The page for what did not work at all.

use serde::Serialize;

use super::View;

/// Why there is no other page.
#[derive(Serialize)]
pub(crate) struct Failure {
    /// What happened.
    pub(crate) kind: FailureKind,
    /// Names the request for whoever looks into the log.
    pub(crate) reference: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FailureKind {
    /// 400.
    BadRequest,
    /// 403.
    Forbidden,
    /// 403, because the form is too old or not ours.
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
    /// The kind for a status; other client errors are bad requests, anything else is our fault.
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
