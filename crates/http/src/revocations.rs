//! The list of ended sessions, for services that verify access tokens offline.

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;
use vestibule_domain::model::id::SessionId;
use vestibule_domain::model::session::EndedSession;

use crate::error::{Act, ApiError};
use crate::state::ApiState;
use crate::tag::Tag;

/// Revocation operations.
pub(crate) struct RevocationsApi;

/// A page of ended sessions, whose tokens are invalid.
#[derive(Debug, Object)]
struct RevocationsResponse {
    /// Session ids (`sid` of access tokens). May contain duplicates of earlier pages.
    sessions: Vec<Uuid>,
    /// Cursor: `since` of the next request.
    #[oai(validator(min_length = 49, max_length = 49))]
    next: String,
    /// `true` if the next page is available now.
    more: bool,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Keys")]
impl RevocationsApi {
    /// List ended sessions
    ///
    /// Without `since`, sessions that ended within the lifetime of an access token; with it, those
    /// that ended since then. Poll every few seconds. Requires `tokens.revocations = true`.
    #[oai(path = "/revocations", method = "get", operation_id = "listRevocations")]
    async fn list(
        &self,
        state: Data<&ApiState>,
        /// `next` of the previous response.
        #[oai(validator(
            min_length = 49,
            max_length = 49,
            pattern = "^[0-9]{16}\\.[0-9a-f]{32}$"
        ))]
        since: Query<Option<String>>,
    ) -> Result<Json<RevocationsResponse>, ApiError> {
        let after = since.0.as_deref().map(|text| {
            let detail = "The value is not one that `next` has had";
            place(text)
                .ok_or_else(|| ApiError::malformed("since".to_owned(), "invalid_value", detail))
        });
        let ended = state.sessions.ended(after.transpose()?).await;
        let ended = ended.map_err(|error| ApiError::of(Act::Other, error))?;
        Ok(Json(RevocationsResponse {
            sessions: ended.ids.into_iter().map(SessionId::as_uuid).collect(),
            next: spelled(&ended.next),
            more: ended.more,
        }))
    }
}

/// Formats a cursor: microseconds since the Unix epoch in sixteen digits, and the session id.
fn spelled(place: &EndedSession) -> String {
    let micros = place.ended_at.unix_timestamp_nanos() / 1000;
    format!("{micros:016}.{}", place.id.as_uuid().simple())
}

fn place(text: &str) -> Option<EndedSession> {
    let (micros, id) = text.split_once('.')?;
    let nanos = i128::from(micros.parse::<i64>().ok()?) * 1000;
    let ended_at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    Some(EndedSession { ended_at, id: SessionId::from_uuid(Uuid::try_parse(id).ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_one_word_and_nothing_else_is_a_place() {
        let spelling = "1764500000000001.0198c7f2222272228222222222222222";
        let read = place(spelling).unwrap();
        assert_eq!(read.ended_at.unix_timestamp_nanos(), 1_764_500_000_000_001_000);
        assert_eq!(spelled(&read), spelling);
        let year_292_000 = format!("{}.0198c7f2222272228222222222222222", i64::MAX);
        for text in ["", ".", "1.", ".0198c7f2222272228222222222222222", "1", &year_292_000] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
