//! Claims of an access token, and parsing of a payload with a valid signature.

use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// Claims of a verified access token.
///
/// With the feature `axum` or `poem` it is also an extractor: a handler that takes `Claims` is only
/// called for requests with a valid token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claims {
    /// User id, `sub`. It never changes.
    pub user_id: Uuid,
    /// Session id, `sid`.
    pub session_id: Uuid,
    /// Token id, `jti`.
    pub token_id: Uuid,
    /// Time of issue, `iat`.
    pub issued_at: OffsetDateTime,
    /// Time before which the token is invalid, `nbf`.
    pub not_before: OffsetDateTime,
    /// Time of expiry, `exp`.
    pub expires_at: OffsetDateTime,
    /// Issuer, `iss`.
    pub issuer: String,
    /// Audience, `aud`.
    pub audience: String,
}

/// The payload. Unknown members are ignored: later versions may add some.
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
    /// Parses a payload; `None` if a claim is missing, duplicate, of another type or not in
    /// canonical form.
    pub(crate) fn read(payload: &str) -> Option<Self> {
        // Serde would also accept an array.
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

/// Parses an id: hyphenated, in lower case.
fn id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.to_string() == text).then_some(id)
}

/// Parses a time: RFC 3339 in UTC, whole seconds, `Z`.
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
    fn a_time_has_one_canonical_form() {
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
    fn an_id_has_one_canonical_form() {
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
