//! Problem details (RFC 9457), the format of all errors.

use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use poem_openapi::Object;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};

use crate::request_context;

/// Problem details of an error.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Problem {
    /// Kind of the problem; `about:blank`, because `status` and `code` identify it.
    #[oai(rename = "type")]
    pub(crate) kind: String,
    /// Reason phrase of the status.
    pub(crate) title: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// Sentence for users.
    pub(crate) detail: String,
    /// Stable error code.
    pub(crate) code: String,
    /// Request id, also in the log.
    pub(crate) request_id: String,
    /// Validation errors, with status 422.
    pub(crate) errors: Option<Vec<FieldProblem>>,
}

/// A validation error.
#[derive(Clone, Debug, Object)]
pub(crate) struct FieldProblem {
    /// Name of the field; empty for the whole body.
    pub(crate) field: String,
    /// Stable code of the rule.
    pub(crate) code: String,
    /// Sentence for users.
    pub(crate) detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: &str) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.to_owned(),
            code: code.to_owned(),
            request_id: request_context::current(),
            errors: None,
        }
    }
}

/// Returns a problem as a response of `application/problem+json`.
#[derive(Clone, Debug)]
pub(crate) struct ProblemJson(Box<Problem>);

impl From<Problem> for ProblemJson {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl Payload for ProblemJson {
    const CONTENT_TYPE: &'static str = "application/problem+json";

    fn schema_ref() -> MetaSchemaRef {
        Problem::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

impl IntoResponse for ProblemJson {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.0.to_json_string())
    }
}
