//! Problem details (RFC 9457): the one shape of every error.

use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use poem_openapi::Object;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};

use crate::request_id;

/// What went wrong.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Problem {
    /// Names the kind of problem; `about:blank` means that `status` and `code` say it all.
    #[oai(rename = "type")]
    pub(crate) kind: String,
    /// The status in words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// A sentence for people.
    pub(crate) detail: String,
    /// A stable name for programs.
    pub(crate) code: String,
    /// Names the request in the service's log.
    pub(crate) request_id: String,
    /// With status 422: every field that breaks a rule.
    pub(crate) errors: Option<Vec<FieldProblem>>,
}

/// One field that breaks a rule.
#[derive(Clone, Debug, Object)]
pub(crate) struct FieldProblem {
    /// The field's name; empty when the body as a whole is wrong.
    pub(crate) field: String,
    /// A stable name of the rule.
    pub(crate) code: String,
    /// A sentence for people.
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
            request_id: request_id::current(),
            errors: None,
        }
    }
}

/// A problem as `application/problem+json`.
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
