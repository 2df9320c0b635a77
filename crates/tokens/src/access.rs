//! Access tokens: issuing and verification.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_domain::model::claims::{AccessClaims, SignedToken};
use vestibule_domain::model::id::{SessionId, UserId};
use vestibule_domain::ports::{AccessTokens, TokenError};

use crate::purpose::Purpose;
use crate::ring::KeyRing;
use crate::timestamp::{self, InvalidClaims};
use crate::v4_public::MAX_TOKEN_BYTES;
use crate::verification_cache::{CacheStats, TokenDigest, VerificationCache};

/// Access tokens as PASETO v4.public.
///
/// # Verification in other services
///
/// Use any PASETO v4 library. Fetch the keys from `/.well-known/paseto-keys`, select one by the
/// `kid` in the footer, and verify with the implicit assertion `vestibule/v1|access|ISSUER`, where
/// `ISSUER` is the expected value of the claim `iss`. Then check `iss`, `aud`, `nbf` and `exp`. If
/// the `kid` is unknown, fetch the keys again once, then reject the token.
///
/// The claims are exactly `iss`, `aud`, `sub` (the user), `sid` (the session), `iat`, `nbf`, `exp`
/// and `jti`; ids are hyphenated UUIDs, times are RFC 3339 with whole seconds and a `Z`. Such a
/// service accepts a token until it expires, even after a sign-out.
#[derive(Debug)]
pub struct PasetoAccessTokens {
    ring: Arc<KeyRing>,
    cache: VerificationCache,
    issuer: String,
    audience: String,
    implicit_assertion: String,
}

/// The payload; the order of the fields is part of the format.
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
    /// Creates an adapter that issues and accepts tokens of `issuer` for `audience`.
    pub fn new(ring: Arc<KeyRing>, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        let implicit_assertion = Purpose::Access.implicit_assertion(&issuer);
        let cache = VerificationCache::new();
        Self { ring, cache, issuer, audience, implicit_assertion }
    }

    /// Returns the hits and misses of the cache of verified tokens.
    pub fn cache_stats(&self) -> CacheStats {
        self.cache.stats()
    }

    fn payload(&self, claims: &AccessClaims) -> Result<String, InvalidClaims> {
        let (iat, exp) = timestamp::format_lifetime(claims.issued_at, claims.expires_at)?;
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
        // Serializing a struct of strings cannot fail.
        serde_json::to_string(&payload).map_err(|_| InvalidClaims::OutOfRange)
    }
}

impl AccessTokens for PasetoAccessTokens {
    /// Times are truncated to whole seconds.
    fn issue(&self, claims: &AccessClaims) -> Result<SignedToken, TokenError> {
        let payload = self.payload(claims)?;
        self.ring.sign(Purpose::Access, claims.issued_at, &payload, &self.implicit_assertion)
    }

    fn read(&self, token: &str) -> Option<AccessClaims> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        // Read before the verification, so that an entry is invalid if the keys are reloaded
        // meanwhile.
        let keys = self.ring.generation();
        let digest = TokenDigest::of(token);
        if let Some(claims) = self.cache.get(&digest, keys) {
            return Some(claims);
        }
        let claims = self.verify(token)?;
        self.cache.insert(&digest, keys, &claims);
        Some(claims)
    }
}

impl PasetoAccessTokens {
    fn verify(&self, token: &str) -> Option<AccessClaims> {
        let text = self.ring.verify(Purpose::Access, token, &self.implicit_assertion)?;
        let payload: Payload = serde_json::from_str(&text).ok()?;
        let claims = AccessClaims {
            user_id: UserId::from_uuid(Uuid::try_parse(&payload.sub).ok()?),
            session_id: SessionId::from_uuid(Uuid::try_parse(&payload.sid).ok()?),
            token_id: Uuid::try_parse(&payload.jti).ok()?,
            issued_at: timestamp::parse(&payload.iat)?,
            expires_at: timestamp::parse(&payload.exp)?,
        };
        // Rejects everything this crate would not write: another issuer or audience, another
        // format of an id, a duplicate key, a lifetime that is too long.
        (self.payload(&claims).ok()? == text).then_some(claims)
    }
}
