//! The verification itself: rules, keys, a token and a moment go in, claims come out.
//!
//! There is no I/O and no clock here.

use std::time::Duration;

use time::OffsetDateTime;

use crate::claims::Claims;
use crate::error::VerifyError;
use crate::keys::KeySet;
use crate::token::Envelope;

/// By how much the clocks of issuer and verifier may differ, unless it is said otherwise.
pub const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// The longest life that Vestibule can be configured to give an access token.
pub const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// What a token has to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What `iss` has to be, character by character, and what the signature has to cover: the
    /// setting `tokens.issuer` of the Vestibule, or its `server.public_url`.
    pub issuer: String,
    /// What `aud` has to be, character by character: the setting `tokens.audience`, or
    /// `server.public_url`.
    pub audience: String,
    /// How much earlier or later it may be at the issuer; [`CLOCK_SKEW`] by default.
    pub clock_skew: Duration,
    /// How long a token may live at most, from `iat` to `exp`; [`LONGEST_LIFE`] by default. With
    /// the issuer's `tokens.access_ttl` instead, ended sessions need not be remembered for a day.
    pub longest_life: Duration,
}

impl Rules {
    /// Tokens of this issuer for this audience, with the default bounds.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        Self { issuer, audience, clock_skew: CLOCK_SKEW, longest_life: LONGEST_LIFE }
    }

    /// What a token says, if one of `keys` has signed it as an access token of this issuer and its
    /// claims fit.
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

    /// What the signature covers besides the token: it keeps tokens of another kind or another
    /// issuer out, even under the same key.
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

/// The same duration in the other type; what does not fit is as good as for ever.
fn lenient(duration: Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}

/// Verifies access tokens with keys it was given.
///
/// It asks nobody: neither for keys nor for the time, and it does not learn that a session has
/// ended. With the feature `fetch`, `RemoteVerifier` does all of that.
///
/// ```
/// use time::macros::datetime;
/// use vestibule_verify::{KeySet, Rules, Verifier, VerifyError};
///
/// // What GET /.well-known/paseto-keys answers.
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
    /// Verifies by these rules, with these keys.
    pub fn new(rules: Rules, keys: KeySet) -> Self {
        Self { rules, keys }
    }

    /// What a token says, if it is good at the moment `now`.
    ///
    /// # Errors
    ///
    /// - [`Malformed`](VerifyError::Malformed): it is longer than 4096 bytes, not the one spelling
    ///   of a v4.public token with a `kid`, or its payload is not what Vestibule writes; a life
    ///   longer than [`Rules::longest_life`] included.
    /// - [`UnknownKey`](VerifyError::UnknownKey): there is no such key for access tokens.
    /// - [`BadSignature`](VerifyError::BadSignature): the key has not signed it, or has signed it
    ///   for another purpose or issuer.
    /// - [`WrongIssuer`](VerifyError::WrongIssuer), [`WrongAudience`](VerifyError::WrongAudience).
    /// - [`NotYetValid`](VerifyError::NotYetValid): `nbf` or `iat` is later than `now` and the
    ///   clock skew.
    /// - [`Expired`](VerifyError::Expired): `exp` is not later than `now` less the clock skew.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Claims, VerifyError> {
        self.rules.verify(&Envelope::parse(token)?, &self.keys, now)
    }
}
