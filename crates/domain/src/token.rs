//! What tokens say, and their text once signed.

use std::fmt;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::id::{SessionId, UserId};
use crate::reset::ResetId;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// Whom it speaks for (`sub`).
    pub user_id: UserId,
    /// The session that can revoke it (`sid`).
    pub session_id: SessionId,
    /// A name of its own (`jti`).
    pub token_id: Uuid,
    /// When it was issued (`iat`, `nbf`), to the second.
    pub issued_at: OffsetDateTime,
    /// When it stops being valid (`exp`), to the second.
    pub expires_at: OffsetDateTime,
}

impl AccessClaims {
    /// Whether `now` lies between `nbf` and `exp`.
    ///
    /// Another node's clock may run ahead by up to a minute; nobody's may keep a token alive.
    pub fn is_current(&self, now: OffsetDateTime) -> bool {
        self.issued_at <= now + Duration::MINUTE && now < self.expires_at
    }
}

/// What the token inside a reset link says. No personal data: anybody who has it can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetClaims {
    /// The reset it stands for (`jti`).
    pub reset_id: ResetId,
    /// When it was issued (`iat`), to the second.
    pub issued_at: OffsetDateTime,
    /// When it stops being valid (`exp`), to the second.
    pub expires_at: OffsetDateTime,
}

/// A signed token, on its way to the one who may have it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedToken(Zeroizing<String>);

impl SignedToken {
    /// Wraps the text of a token that was just signed.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the answer or the mail it belongs in.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedToken(..)")
    }
}
