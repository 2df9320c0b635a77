//! Strictly parsed JSON bodies.
//!
//! poem-openapi provides the schema, serde the parser, which refuses unknown and duplicate fields.
//! Its messages are not passed on, because they may quote values.

use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::impl_apirequest_for_payload;
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::additional_properties;
use crate::error::ApiError;

/// The body of an operation. May contain a password, so it does not print.
pub(crate) struct StrictJson<T>(pub(crate) T);

impl<T: Type> Payload for StrictJson<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        content_type.parse::<mime::Mime>().is_ok_and(|mime| {
            mime.essence_str() == Self::CONTENT_TYPE
                && mime.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8)
        })
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        additional_properties::close(registry, &T::schema_ref());
    }
}

impl<T: DeserializeOwned + Type> ParsePayload for StrictJson<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let bytes = Vec::<u8>::from_request(request, body).await?;
        decode(&bytes).map(Self).map_err(poem::Error::from)
    }
}

impl_apirequest_for_payload!(StrictJson<T>, T: DeserializeOwned + Type);

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // serde would accept an array for a struct, with the values in the order of the fields.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(wrong_type(String::new()));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let decoded = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refusal(&path, error.inner())
    })?;
    json.end().map_err(|error| refusal(".", &error))?;
    Ok(decoded)
}

fn refusal(path: &str, error: &serde_json::Error) -> ApiError {
    match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => {
            let place = format!("line {} column {}", error.line(), error.column());
            ApiError::not_json(&format!("The body is not valid JSON: {place}"))
        }
        Category::Data => {
            let message = error.to_string();
            let quoted = message.split('`').nth(1).unwrap_or_default().to_owned();
            // Only names of known fields are repeated.
            if message.starts_with("missing field") {
                ApiError::malformed(quoted, "required", "This field is required")
            } else if message.starts_with("duplicate field") {
                ApiError::malformed(quoted, "duplicate", "This field is given more than once")
            } else if message.starts_with("unknown field") {
                let detail = "The body has a field that this operation does not know";
                ApiError::malformed(String::new(), "unknown_field", detail)
            } else {
                wrong_type(if path == "." { String::new() } else { path.to_owned() })
            }
        }
    }
}

fn wrong_type(field: String) -> ApiError {
    ApiError::malformed(field, "invalid_type", "The value is of the wrong type")
}

#[cfg(test)]
mod tests {
    use poem::IntoResponse;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only decoded")]
        email: String,
    }

    fn status(body: &str) -> u16 {
        match decode::<Body>(body.as_bytes()) {
            Ok(_) => 200,
            Err(error) => error.into_response().status().as_u16(),
        }
    }

    #[test]
    fn only_the_documented_form_is_taken() {
        assert_eq!(status(r#"{"email":"a"}"#), 200);
        for body in [
            r#"{"email":"a","email":"b"}"#,
            r#"{"email":"a","admin":true}"#,
            r#"{"email":["a"]}"#,
            r#"{"email":{"$ne":""}}"#,
            r#"{"email":null}"#,
            r#"{"email":1}"#,
            "{}",
            "null",
            r#""a""#,
        ] {
            assert_eq!(status(body), 422, "{body}");
        }
        // serde accepts a sequence for a struct; it is refused here.
        for body in ["[]", r#"["a"]"#, " \n[\"a\"]"] {
            assert_eq!(status(body), 422, "{body}");
        }
        for body in ["", "{", r#"{"email":"a"}x"#, r#"{"email":"\ud800"}"#, "\u{feff}{}"] {
            assert_eq!(status(body), 400, "{body}");
        }
        assert_eq!(status(&"[".repeat(10_000)), 422);
    }
}
