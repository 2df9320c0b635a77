//! Observation of responses, for metrics and traces.

use std::time::Duration;

use poem::Response;
use poem::http::header::CONTENT_TYPE;
use poem_openapi::OperationId;

/// Is notified of each response before it is sent.
pub trait Observer: Send + Sync {
    /// Handles a response. Must be fast, because the response waits for it.
    fn answered(&self, answer: &Answered);
}

/// A response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The `operationId` of the OpenAPI document; `page` for pages, `other` for all else. The number of
    /// values is bounded.
    pub operation: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Time from the request head to the response head.
    pub duration: Duration,
}

impl Answered {
    pub(crate) fn with(response: &Response, duration: Duration) -> Self {
        let operation = operation_of(response);
        Self { operation, status: response.status().as_u16(), duration }
    }
}

/// Returns the operation of a response, as in [`Answered::operation`].
pub fn operation_of(response: &Response) -> &'static str {
    let is_page = || {
        let kind = response.headers().get(CONTENT_TYPE);
        kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
    };
    match response.data::<OperationId>() {
        Some(OperationId(operation)) => operation,
        None if is_page() => "page",
        None => "other",
    }
}

/// The trace ids of a request, in its extensions, for log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceIds {
    /// Trace id, in hexadecimal digits.
    pub trace_id: String,
    /// Span id of the request, in hexadecimal digits.
    pub span_id: String,
}
