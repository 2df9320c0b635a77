//! Hashing passwords, and the list of common ones.

use async_trait::async_trait;

use crate::error::BoxError;
use crate::model::password::{Password, PasswordHash};

/// Hashes and verifies passwords.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password with the current parameters and a new salt.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError>;

    /// Verifies a password against a hash, in constant time.
    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, HashError>;

    /// Imports a hash of another system, in that system's format. A password that matches it is
    /// `MatchButStale`, if the hash covers the whole password.
    ///
    /// # Errors
    /// [`HashError::Unreadable`] if the hash is not supported.
    fn accept_foreign_hash(&self, text: &str) -> Result<PasswordHash, HashError>;

    /// Returns a hash that no password matches, as expensive to verify as a new one.
    fn decoy(&self) -> PasswordHash;
}

/// The list of common and breached passwords.
#[cfg_attr(test, mockall::automock)]
pub trait CommonPasswords: Send + Sync {
    /// Returns `true` if a password, case-folded and in NFC, is on the list.
    ///
    /// False positives are possible and rare; false negatives are not.
    fn contains(&self, folded: &str) -> bool;
}

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password matches.
    Match,
    /// The password matches, and the hash has other than the current parameters.
    MatchButStale,
    /// The password does not match.
    Mismatch,
}

/// The reason why a password was not hashed or verified.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The queue is full; retry in a second.
    #[error("all hashing threads are busy")]
    Busy,
    /// The stored hash is malformed, unsupported or too expensive.
    #[error("the stored hash cannot be read")]
    Unreadable(#[source] BoxError),
    /// The hash function failed.
    #[error("hashing failed")]
    Failed(#[source] BoxError),
}
