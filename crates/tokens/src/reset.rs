//! Reset tokens, which travel in mailed links: short, and without anything about a person.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use vestibule_domain::ports::{ResetTokens, TokenError};
use vestibule_domain::reset::ResetId;
use vestibule_domain::token::{ResetClaims, SignedToken};

use crate::moment::{self, UnsignableClaims};
use crate::purpose::Purpose;
use crate::ring::KeyRing;

/// Reset tokens as PASETO v4.public.
#[derive(Clone, Debug)]
pub struct PasetoResetTokens {
    ring: Arc<KeyRing>,
    implicit_assertion: String,
}

/// The payload, in the order in which it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    /// 16 bytes in unpadded base64url: 14 characters less than a UUID.
    jti: String,
    iat: String,
    exp: String,
}

impl PasetoResetTokens {
    /// Issues tokens as `issuer`, and reads only such. The issuer is signed but not in the token.
    pub fn new(ring: Arc<KeyRing>, issuer: &str) -> Self {
        Self { ring, implicit_assertion: Purpose::Reset.implicit_assertion(issuer) }
    }
}

impl ResetTokens for PasetoResetTokens {
    /// Fractions of a second are dropped from the times.
    fn issue(&self, claims: &ResetClaims) -> Result<SignedToken, TokenError> {
        let payload = payload(claims)?;
        self.ring.sign(Purpose::Reset, claims.issued_at, &payload, &self.implicit_assertion)
    }

    fn read(&self, token: &str) -> Option<ResetClaims> {
        let text = self.ring.open(Purpose::Reset, token, &self.implicit_assertion)?;
        let payload: Payload = serde_json::from_str(&text).ok()?;
        let id = URL_SAFE_NO_PAD.decode(&payload.jti).ok()?;
        let claims = ResetClaims {
            reset_id: ResetId::from_bytes(id.try_into().ok()?),
            issued_at: moment::read(&payload.iat)?,
            expires_at: moment::read(&payload.exp)?,
        };
        // What we would not write ourselves is not ours.
        (self::payload(&claims).ok()? == text).then_some(claims)
    }
}

fn payload(claims: &ResetClaims) -> Result<String, UnsignableClaims> {
    let (iat, exp) = moment::spell_life(claims.issued_at, claims.expires_at)?;
    let payload = Payload { jti: URL_SAFE_NO_PAD.encode(claims.reset_id.as_bytes()), iat, exp };
    // A struct of strings always has a JSON form.
    serde_json::to_string(&payload).map_err(|_| UnsignableClaims::OutOfRange)
}
