//! The sessions that have ended lately, for services that verify access tokens by themselves.

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;
use vestibule_domain::id::SessionId;
use vestibule_domain::session::EndedSession;

use crate::Tag;
use crate::error::{Act, ApiError};
use crate::state::State;

/// The operation.
pub(crate) struct Revocations;

/// Sessions no token of which is good any more.
#[derive(Debug, Object)]
struct RevocationsResponse {
    /// The sessions (`sid` of their access tokens). Some are told twice.
    sessions: Vec<Uuid>,
    /// Where the list goes on: `since` of the next request.
    #[oai(validator(min_length = 49, max_length = 49))]
    next: String,
    /// Whether it goes on at once.
    more: bool,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Keys")]
impl Revocations {
    /// Sessions that have ended
    ///
    /// Without `since`, those that have ended within the lifetime of an access token; with it, those
    /// that have ended since. Ask every few seconds. Only there if the configuration says so
    /// (`tokens.revocations`).
    #[oai(path = "/revocations", method = "get", operation_id = "listRevocations")]
    async fn list(
        &self,
        state: Data<&State>,
        /// The `next` of the list so far.
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

/// A place in the list as one word: microseconds since the epoch in sixteen digits, and the session.
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
