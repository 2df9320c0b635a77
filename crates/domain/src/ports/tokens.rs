//! Signing and reading tokens.
//!
//! One trait per purpose: a token made for one is refused by the other, and whoever holds one trait
//! cannot confuse them.

use crate::error::BoxError;
use crate::token::{AccessClaims, ResetClaims, SignedToken};

/// Access tokens, which clients present with every request.
#[cfg_attr(test, mockall::automock)]
pub trait AccessTokens: Send + Sync {
    /// Signs a token.
    fn issue(&self, claims: &AccessClaims) -> Result<SignedToken, TokenError>;

    /// Reads a token that this service, for this audience, has signed for this purpose.
    ///
    /// `None` for everything that is not one of ours, for whatever reason; the reason is nobody's
    /// business. The caller compares the times with its own clock.
    fn read(&self, token: &str) -> Option<AccessClaims>;
}

/// Reset tokens, which travel in mailed links.
#[cfg_attr(test, mockall::automock)]
pub trait ResetTokens: Send + Sync {
    /// Signs a token. The same claims give the same token as long as the signing key stays, so
    /// that a mail that has to be sent again carries the same link.
    fn issue(&self, claims: &ResetClaims) -> Result<SignedToken, TokenError>;

    /// Reads a token that this service has signed for this purpose.
    ///
    /// `None` for everything that is not one of ours, for whatever reason; the reason is nobody's
    /// business. The caller compares the times with its own clock.
    fn read(&self, token: &str) -> Option<ResetClaims>;
}

/// Why there is no token: signing failed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct TokenError(#[source] pub BoxError);
