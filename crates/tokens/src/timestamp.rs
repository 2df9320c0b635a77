//! Timestamps of tokens and key files: RFC 3339 in UTC with whole seconds.
//!
//! Each time has exactly one format; parsers format the result and compare.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};
use vestibule_domain::ports::TokenError;

/// Maximum lifetime of a token; the configuration must not exceed it.
pub(crate) const MAX_LIFETIME: Duration = Duration::hours(24);

/// The reason why claims cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidClaims {
    /// The lifetime is not positive or longer than [`MAX_LIFETIME`].
    #[error("the lifetime of a token must be between one second and 24 hours")]
    Lifetime,
    /// A time cannot be represented in RFC 3339.
    #[error("timestamp out of range")]
    OutOfRange,
}

impl From<InvalidClaims> for TokenError {
    fn from(cause: InvalidClaims) -> Self {
        Self(Box::new(cause))
    }
}

/// Converts a time to UTC and truncates it to whole seconds.
pub(crate) fn truncate(time: OffsetDateTime) -> OffsetDateTime {
    let time = time.to_offset(UtcOffset::UTC);
    time.replace_nanosecond(0).unwrap_or(time)
}

/// Formats a time, truncated to whole seconds.
pub(crate) fn format(time: OffsetDateTime) -> Option<String> {
    truncate(time).format(&Rfc3339).ok()
}

/// Parses the format of [`format()`], and no other format of the same time.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    (format(time)? == text).then_some(time)
}

/// Formats the start and the end of a token's lifetime, `iat` and `exp`.
pub(crate) fn format_lifetime(
    issued_at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<(String, String), InvalidClaims> {
    let seconds = expires_at.unix_timestamp() - issued_at.unix_timestamp();
    if seconds <= 0 || seconds > MAX_LIFETIME.whole_seconds() {
        return Err(InvalidClaims::Lifetime);
    }
    format(issued_at).zip(format(expires_at)).ok_or(InvalidClaims::OutOfRange)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_time_has_one_format() {
        let time = datetime!(2026-09-01 14:00:00.999 +2);
        assert_eq!(format(time).as_deref(), Some("2026-09-01T12:00:00Z"));
        assert_eq!(parse("2026-09-01T12:00:00Z"), Some(datetime!(2026-09-01 12:00 UTC)));
        for other in [
            "2026-09-01T12:00:00+00:00",
            "2026-09-01T14:00:00+02:00",
            "2026-09-01T12:00:00.0Z",
            "2026-09-01T12:00:00.5Z",
            "2026-09-01t12:00:00z",
            "2026-09-01 12:00:00Z",
            "2026-09-01T12:00:00",
            "2026-06-30T23:59:60Z",
            " 2026-09-01T12:00:00Z",
            "1788264000",
            "",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
        assert_eq!(parse(&format!("2026-09-01T12:00:00.{}Z", "0".repeat(400))), None);
    }

    #[test]
    fn a_lifetime_is_limited() {
        let start = datetime!(2026-09-01 12:00 UTC);
        assert!(format_lifetime(start, start + MAX_LIFETIME).is_ok());
        assert!(format_lifetime(start, start + Duration::SECOND).is_ok());
        assert!(format_lifetime(start, start + MAX_LIFETIME + Duration::SECOND).is_err());
        assert!(format_lifetime(start, start + Duration::milliseconds(999)).is_err());
        assert!(format_lifetime(start, start).is_err());
        assert!(format_lifetime(start, start - Duration::SECOND).is_err());
    }
}
