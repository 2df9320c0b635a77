//! What an access token says, and how it is read from a payload whose signature holds.

use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// What a verified access token says.
///
/// With the feature `axum` or `poem` it is also an extractor: a handler that takes `Claims` is only
/// called for requests with a good token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claims {
    /// Whose token it is: `sub`. It stays the same for as long as the account exists.
    pub user_id: Uuid,
    /// In which session it was issued: `sid`.
    pub session_id: Uuid,
    /// Which token it is: `jti`.
    pub token_id: Uuid,
    /// When it was issued: `iat`.
    pub issued_at: OffsetDateTime,
    /// From when on it is good: `nbf`.
    pub not_before: OffsetDateTime,
    /// From when on it is no good: `exp`.
    pub expires_at: OffsetDateTime,
    /// Who has issued it: `iss`.
    pub issuer: String,
    /// For whom it is meant: `aud`.
    pub audience: String,
}

/// The payload. Members it does not know are left alone: a later Vestibule may say more.
#[derive(Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: String,
    nbf: String,
    exp: String,
    jti: String,
}

impl Claims {
    /// Reads a payload; `None` if a claim is missing, doubled, of another type or in another
    /// spelling than Vestibule's.
    pub(crate) fn read(payload: &str) -> Option<Self> {
        // Serde would take a list for an object.
        if !payload.starts_with('{') {
            return None;
        }
        let payload: Payload = serde_json::from_str(payload).ok()?;
        Some(Self {
            user_id: id(&payload.sub)?,
            session_id: id(&payload.sid)?,
            token_id: id(&payload.jti)?,
            issued_at: moment(&payload.iat)?,
            not_before: moment(&payload.nbf)?,
            expires_at: moment(&payload.exp)?,
            issuer: payload.iss,
            audience: payload.aud,
        })
    }
}

/// Reads an id: hyphenated, in lower case.
fn id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.to_string() == text).then_some(id)
}

/// Reads a moment: RFC 3339 in UTC, whole seconds, `Z`.
fn moment(text: &str) -> Option<OffsetDateTime> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let whole = moment.to_offset(UtcOffset::UTC).replace_nanosecond(0).ok()?;
    (whole.format(&Rfc3339).ok()? == text).then_some(whole)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_has_one_spelling() {
        assert_eq!(moment("2026-09-01T12:00:00Z"), Some(datetime!(2026-09-01 12:00 UTC)));
        for other in [
            "2026-09-01T12:00:00+00:00",
            "2026-09-01T14:00:00+02:00",
            "2026-09-01T12:00:00.0Z",
            "2026-09-01T12:00:00.5Z",
            "2026-09-01t12:00:00z",
            "2026-09-01 12:00:00Z",
            "2026-06-30T23:59:60Z",
            "1788264000",
            "",
        ] {
            assert_eq!(moment(other), None, "{other}");
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        assert!(id("0198c7f2-1111-7111-8111-abcdef111111").is_some());
        for other in [
            "0198C7F2-1111-7111-8111-ABCDEF111111",
            "0198c7f2111171118111abcdef111111",
            "{0198c7f2-1111-7111-8111-abcdef111111}",
            "urn:uuid:0198c7f2-1111-7111-8111-abcdef111111",
            "me",
            "",
        ] {
            assert_eq!(id(other), None, "{other}");
        }
    }
}
