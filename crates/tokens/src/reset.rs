//! Reset tokens, which are part of mailed links: short and without personal data.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use vestibule_domain::model::claims::{ResetClaims, SignedToken};
use vestibule_domain::model::id::ResetId;
use vestibule_domain::ports::{ResetTokens, TokenError};

use crate::purpose::Purpose;
use crate::ring::KeyRing;
use crate::timestamp::{self, InvalidClaims};

/// Reset tokens as PASETO v4.public.
#[derive(Clone, Debug)]
pub struct PasetoResetTokens {
    ring: Arc<KeyRing>,
    implicit_assertion: String,
}

/// The payload; the order of the fields is part of the format.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    /// 16 bytes in unpadded base64url, 14 characters less than a UUID.
    jti: String,
    iat: String,
    exp: String,
}

impl PasetoResetTokens {
    /// Creates an adapter that issues and accepts tokens of `issuer`, which is signed but not part
    /// of the token.
    pub fn new(ring: Arc<KeyRing>, issuer: &str) -> Self {
        Self { ring, implicit_assertion: Purpose::Reset.implicit_assertion(issuer) }
    }
}

impl ResetTokens for PasetoResetTokens {
    /// Times are truncated to whole seconds.
    fn issue(&self, claims: &ResetClaims) -> Result<SignedToken, TokenError> {
        let payload = payload(claims)?;
        self.ring.sign(Purpose::Reset, claims.issued_at, &payload, &self.implicit_assertion)
    }

    fn read(&self, token: &str) -> Option<ResetClaims> {
        let text = self.ring.verify(Purpose::Reset, token, &self.implicit_assertion)?;
        let payload: Payload = serde_json::from_str(&text).ok()?;
        let id = URL_SAFE_NO_PAD.decode(&payload.jti).ok()?;
        let claims = ResetClaims {
            reset_id: ResetId::from_bytes(id.try_into().ok()?),
            issued_at: timestamp::parse(&payload.iat)?,
            expires_at: timestamp::parse(&payload.exp)?,
        };
        // Rejects everything this crate would not write.
        (self::payload(&claims).ok()? == text).then_some(claims)
    }
}

fn payload(claims: &ResetClaims) -> Result<String, InvalidClaims> {
    let (iat, exp) = timestamp::format_lifetime(claims.issued_at, claims.expires_at)?;
    let payload = Payload { jti: URL_SAFE_NO_PAD.encode(claims.reset_id.as_bytes()), iat, exp };
    // Serializing a struct of strings cannot fail.
    serde_json::to_string(&payload).map_err(|_| InvalidClaims::OutOfRange)
}
