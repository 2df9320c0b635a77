//! The claims of tokens, and signed tokens.

use std::fmt;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::model::id::{ResetId, SessionId, UserId};

/// The claims of an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// The user (`sub`).
    pub user_id: UserId,
    /// The session (`sid`).
    pub session_id: SessionId,
    /// Identifies the token (`jti`).
    pub token_id: Uuid,
    /// Time of issue (`iat`, `nbf`), to the second.
    pub issued_at: OffsetDateTime,
    /// Time of expiry (`exp`), to the second.
    pub expires_at: OffsetDateTime,
}

impl AccessClaims {
    /// Returns `true` if `now` is between `nbf` and `exp`.
    ///
    /// Tolerates a clock that is up to a minute ahead for `nbf`, and none for `exp`.
    pub fn is_current(&self, now: OffsetDateTime) -> bool {
        self.issued_at <= now + Duration::MINUTE && now < self.expires_at
    }
}

/// The claims of the token in a reset link. No personal data, because they are readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetClaims {
    /// The password reset (`jti`).
    pub reset_id: ResetId,
    /// Time of issue (`iat`), to the second.
    pub issued_at: OffsetDateTime,
    /// Time of expiry (`exp`), to the second.
    pub expires_at: OffsetDateTime,
}

/// The text of a signed token. Does not print, and is wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedToken(Zeroizing<String>);

impl SignedToken {
    /// Wraps the text of a signed token.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedToken(..)")
    }
}
