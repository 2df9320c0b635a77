//! Moments as tokens and key files spell them: RFC 3339 in UTC, to the whole second.
//!
//! A moment has exactly one spelling here; readers write what they read and compare.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};
use vestibule_domain::ports::TokenError;

/// The longest a token of any kind may live; configuration should not ask for more.
pub(crate) const MAX_LIFETIME: Duration = Duration::hours(24);

/// Why claims cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnsignableClaims {
    /// The token would not live at all, or for longer than [`MAX_LIFETIME`].
    #[error("a token has to live between one second and 24 hours")]
    Lifetime,
    /// A moment that RFC 3339 cannot spell.
    #[error("a moment is out of range")]
    OutOfRange,
}

impl From<UnsignableClaims> for TokenError {
    fn from(cause: UnsignableClaims) -> Self {
        Self(Box::new(cause))
    }
}

/// Drops the fraction of a second and the offset, as [`spell`] does.
pub(crate) fn whole(moment: OffsetDateTime) -> OffsetDateTime {
    let moment = moment.to_offset(UtcOffset::UTC);
    moment.replace_nanosecond(0).unwrap_or(moment)
}

/// Spells a moment; fractions of a second are dropped.
pub(crate) fn spell(moment: OffsetDateTime) -> Option<String> {
    whole(moment).format(&Rfc3339).ok()
}

/// Reads what [`spell`] wrote, and no other spelling of the same moment.
pub(crate) fn read(text: &str) -> Option<OffsetDateTime> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    (spell(moment)? == text).then_some(moment)
}

/// Spells the two ends of a token's life, `iat` and `exp`.
pub(crate) fn spell_life(
    issued_at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<(String, String), UnsignableClaims> {
    let seconds = expires_at.unix_timestamp() - issued_at.unix_timestamp();
    if seconds <= 0 || seconds > MAX_LIFETIME.whole_seconds() {
        return Err(UnsignableClaims::Lifetime);
    }
    spell(issued_at).zip(spell(expires_at)).ok_or(UnsignableClaims::OutOfRange)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_has_one_spelling() {
        let moment = datetime!(2026-09-01 14:00:00.999 +2);
        assert_eq!(spell(moment).as_deref(), Some("2026-09-01T12:00:00Z"));
        assert_eq!(read("2026-09-01T12:00:00Z"), Some(datetime!(2026-09-01 12:00 UTC)));
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
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(read(&format!("2026-09-01T12:00:00.{}Z", "0".repeat(400))), None);
    }

    #[test]
    fn a_life_is_bounded() {
        let start = datetime!(2026-09-01 12:00 UTC);
        assert!(spell_life(start, start + MAX_LIFETIME).is_ok());
        assert!(spell_life(start, start + Duration::SECOND).is_ok());
        assert!(spell_life(start, start + MAX_LIFETIME + Duration::SECOND).is_err());
        assert!(spell_life(start, start + Duration::milliseconds(999)).is_err());
        assert!(spell_life(start, start).is_err());
        assert!(spell_life(start, start - Duration::SECOND).is_err());
    }
}
