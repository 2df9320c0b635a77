//! Access tokens: what they say, and what is read from them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_domain::id::{SessionId, UserId};
use vestibule_domain::ports::{AccessTokens, TokenError};
use vestibule_domain::token::{AccessClaims, SignedToken};

use crate::envelope::MAX_TOKEN_BYTES;
use crate::moment::{self, UnsignableClaims};
use crate::purpose::Purpose;
use crate::ring::KeyRing;
use crate::verified::{CacheUse, TokenDigest, VerifiedTokens};

/// Access tokens as PASETO v4.public.
///
/// # For services that verify them without asking
///
/// Use any PASETO v4 library. Take the keys from `/.well-known/paseto-keys`, select one by the
/// `kid` in the footer, and verify with the implicit assertion `vestibule/v1|access|ISSUER`, where
/// `ISSUER` is the value that the claim `iss` has to have. Then check `iss`, `aud`, `nbf` and
/// `exp`. An unknown `kid` is a reason to fetch the keys again, once, and then to refuse.
///
/// The claims are exactly `iss`, `aud`, `sub` (the user), `sid` (the session), `iat`, `nbf`, `exp`
/// and `jti`; ids are hyphenated UUIDs, times are RFC 3339 with whole seconds and a `Z`. Whoever
/// verifies a token without asking learns of a sign-out only when the token expires.
#[derive(Debug)]
pub struct PasetoAccessTokens {
    ring: Arc<KeyRing>,
    verified: VerifiedTokens,
    issuer: String,
    audience: String,
    implicit_assertion: String,
}

/// The payload, in the order in which it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

impl PasetoAccessTokens {
    /// Issues tokens as `issuer` for `audience`, and reads only such.
    pub fn new(ring: Arc<KeyRing>, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        let implicit_assertion = Purpose::Access.implicit_assertion(&issuer);
        let verified = VerifiedTokens::new();
        Self { ring, verified, issuer, audience, implicit_assertion }
    }

    /// How often a token that was presented had been verified before.
    pub fn recognised(&self) -> CacheUse {
        self.verified.usage()
    }

    fn payload(&self, claims: &AccessClaims) -> Result<String, UnsignableClaims> {
        let (iat, exp) = moment::spell_life(claims.issued_at, claims.expires_at)?;
        let payload = Payload {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: claims.user_id.to_string(),
            sid: claims.session_id.to_string(),
            nbf: iat.clone(),
            iat,
            exp,
            jti: claims.token_id.to_string(),
        };
        // A struct of strings always has a JSON form.
        serde_json::to_string(&payload).map_err(|_| UnsignableClaims::OutOfRange)
    }
}

impl AccessTokens for PasetoAccessTokens {
    /// Fractions of a second are dropped from the times.
    fn issue(&self, claims: &AccessClaims) -> Result<SignedToken, TokenError> {
        let payload = self.payload(claims)?;
        self.ring.sign(Purpose::Access, claims.issued_at, &payload, &self.implicit_assertion)
    }

    fn read(&self, token: &str) -> Option<AccessClaims> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        // Before anything is verified: should the keys be exchanged meanwhile, it does not count.
        let keys = self.ring.generation();
        let digest = TokenDigest::of(token);
        if let Some(claims) = self.verified.find(&digest, keys) {
            return Some(claims);
        }
        let claims = self.verify(token)?;
        self.verified.remember(&digest, keys, &claims);
        Some(claims)
    }
}

impl PasetoAccessTokens {
    fn verify(&self, token: &str) -> Option<AccessClaims> {
        let text = self.ring.open(Purpose::Access, token, &self.implicit_assertion)?;
        let payload: Payload = serde_json::from_str(&text).ok()?;
        let claims = AccessClaims {
            user_id: UserId::from_uuid(Uuid::try_parse(&payload.sub).ok()?),
            session_id: SessionId::from_uuid(Uuid::try_parse(&payload.sid).ok()?),
            token_id: Uuid::try_parse(&payload.jti).ok()?,
            issued_at: moment::read(&payload.iat)?,
            expires_at: moment::read(&payload.exp)?,
        };
        // What we would not write ourselves is not ours: another issuer or audience, another
        // spelling of an id, a doubled key, a life that is too long.
        (self.payload(&claims).ok()? == text).then_some(claims)
    }
}
