//! Verification of a token with given rules, keys and time; no I/O, no clock.

use std::time::Duration;

use time::OffsetDateTime;

use crate::claims::Claims;
use crate::error::VerifyError;
use crate::keys::KeySet;
use crate::token::Envelope;

/// Default of the tolerated difference between the clocks of issuer and verifier.
pub const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// The longest lifetime of an access token that can be configured in Vestibule.
pub const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// Requirements for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Expected `iss`, compared exactly, and part of what the signature covers: Vestibule's setting
    /// `tokens.issuer`, by default `server.public_url`.
    pub issuer: String,
    /// Expected `aud`, compared exactly: the setting `tokens.audience`, by default
    /// `server.public_url`.
    pub audience: String,
    /// Tolerated clock difference; [`CLOCK_SKEW`] by default.
    pub clock_skew: Duration,
    /// Maximum lifetime of a token, from `iat` to `exp`; [`LONGEST_LIFE`] by default. Set it to
    /// `tokens.access_ttl`, so that ended sessions are not kept for a day.
    pub longest_life: Duration,
}

impl Rules {
    /// Creates rules for an issuer and audience, with default limits.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        Self { issuer, audience, clock_skew: CLOCK_SKEW, longest_life: LONGEST_LIFE }
    }

    /// Returns the claims of a token, if one of `keys` signed it as an access token of this issuer
    /// and its claims are valid.
    pub(crate) fn verify(
        &self,
        envelope: &Envelope,
        keys: &KeySet,
        now: OffsetDateTime,
    ) -> Result<Claims, VerifyError> {
        let key = keys.find(envelope.kid()).ok_or(VerifyError::UnknownKey)?;
        let payload = envelope.open(key, &self.implicit_assertion())?;
        let claims = Claims::read(&payload).ok_or(VerifyError::Malformed)?;
        self.check(&claims, now)?;
        Ok(claims)
    }

    /// Returns the implicit assertion: it excludes tokens of another kind or issuer, even with the
    /// same key.
    fn implicit_assertion(&self) -> String {
        format!("vestibule/v1|access|{}", self.issuer)
    }

    fn check(&self, claims: &Claims, now: OffsetDateTime) -> Result<(), VerifyError> {
        let skew = lenient(self.clock_skew);
        let life = claims.expires_at - claims.issued_at;
        if claims.issuer != self.issuer {
            Err(VerifyError::WrongIssuer)
        } else if claims.audience != self.audience {
            Err(VerifyError::WrongAudience)
        } else if !life.is_positive() || life > lenient(self.longest_life) {
            Err(VerifyError::Malformed)
        } else if claims.not_before.max(claims.issued_at) > now.saturating_add(skew) {
            Err(VerifyError::NotYetValid)
        } else if claims.expires_at <= now.saturating_sub(skew) {
            Err(VerifyError::Expired)
        } else {
            Ok(())
        }
    }
}

/// Converts a duration; a value out of range becomes the maximum.
fn lenient(duration: Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}

/// A verifier with given keys.
///
/// It does not fetch keys, read the clock or detect ended sessions. With the feature `fetch`,
/// `RemoteVerifier` does.
///
/// ```
/// use time::macros::datetime;
/// use vestibule_verify::{KeySet, Rules, Verifier, VerifyError};
///
/// // The response of GET /.well-known/paseto-keys.
/// let keys = KeySet::parse(
///     r#"{"keys":[{"kid":"k4.pid.yh4-bJYjOYAG6CWy0zsfPmpKylxS7uAWrxqVmBN2KAiJ",
///         "key":"k4.public.Hrnbu7wEfAP9cGBOAHHwmH4Wsot1ciXBHwBBXQ4gsaI","use":"access"}]}"#,
/// )?;
/// let verifier =
///     Verifier::new(Rules::new("https://id.example.com", "https://api.example.com"), keys);
///
/// let now = datetime!(2026-09-01 12:00 UTC);
/// assert_eq!(verifier.verify("v4.public.forged", now), Err(VerifyError::Malformed));
/// # Ok::<(), vestibule_verify::KeySetError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    rules: Rules,
    keys: KeySet,
}

impl Verifier {
    /// Creates a verifier with rules and keys.
    pub fn new(rules: Rules, keys: KeySet) -> Self {
        Self { rules, keys }
    }

    /// Returns the claims of a token, if it is valid at `now`.
    ///
    /// # Errors
    ///
    /// - [`Malformed`](VerifyError::Malformed): longer than 4096 bytes, not a v4.public token
    ///   in canonical encoding with a `kid`, or not a payload that Vestibule creates, for example
    ///   because its lifetime exceeds [`Rules::longest_life`].
    /// - [`UnknownKey`](VerifyError::UnknownKey): no such access token key.
    /// - [`BadSignature`](VerifyError::BadSignature): not signed by the key, or for another
    ///   purpose or issuer.
    /// - [`WrongIssuer`](VerifyError::WrongIssuer), [`WrongAudience`](VerifyError::WrongAudience).
    /// - [`NotYetValid`](VerifyError::NotYetValid): `nbf` or `iat` is later than `now` plus the
    ///   clock skew.
    /// - [`Expired`](VerifyError::Expired): `exp` is not later than `now` minus the clock skew.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Claims, VerifyError> {
        self.rules.verify(&Envelope::parse(token)?, &self.keys, now)
    }
}
