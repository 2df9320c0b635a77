//! Signing and verifying tokens, with one trait for each purpose.

use crate::error::BoxError;
use crate::model::claims::{AccessClaims, ResetClaims, SignedToken};

/// Access tokens, which clients send with each request.
#[cfg_attr(test, mockall::automock)]
pub trait AccessTokens: Send + Sync {
    /// Signs a token.
    fn issue(&self, claims: &AccessClaims) -> Result<SignedToken, TokenError>;

    /// Verifies a token that this service signed for this audience and purpose, and returns its claims.
    ///
    /// Returns `None` for all other tokens. The caller checks the times.
    fn read(&self, token: &str) -> Option<AccessClaims>;
}

/// Reset tokens, which are part of mailed links.
#[cfg_attr(test, mockall::automock)]
pub trait ResetTokens: Send + Sync {
    /// Signs a token. The same claims give the same token while the signing key stays the same, so that
    /// a mail that is sent again contains the same link.
    fn issue(&self, claims: &ResetClaims) -> Result<SignedToken, TokenError>;

    /// Verifies a token that this service signed for this purpose, and returns its claims.
    ///
    /// Returns `None` for all other tokens. The caller checks the times.
    fn read(&self, token: &str) -> Option<ResetClaims>;
}

/// Signing failed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct TokenError(#[source] pub BoxError);
