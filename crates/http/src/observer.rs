//! Who wants to know how requests were answered.

use std::time::Duration;

use poem::Response;
use poem::http::header::CONTENT_TYPE;
use poem_openapi::OperationId;

/// Learns of every answer, before it is sent.
pub trait Observer: Send + Sync {
    /// A request was answered. Called on the way of the answer: must be quick.
    fn answered(&self, answer: &Answered);
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The `operationId` of the API's document; `page` for pages, `other` for everything else. There
    /// are as many as there are operations, whatever is asked for.
    pub operation: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// From the head of the request to the head of the answer.
    pub duration: Duration,
}

impl Answered {
    pub(crate) fn with(response: &Response, duration: Duration) -> Self {
        let operation = operation_of(response);
        Self { operation, status: response.status().as_u16(), duration }
    }
}

/// What was answered, as in [`Answered::operation`].
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

/// The trace that a request belongs to. Whoever traces requests puts it into their extensions, for
/// their log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceIds {
    /// The id of the trace, in hexadecimal digits.
    pub trace_id: String,
    /// The id of the request's own span.
    pub span_id: String,
}
