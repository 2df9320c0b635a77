//! Hashing passwords.

use async_trait::async_trait;

use crate::error::BoxError;
use crate::password::{Password, PasswordHash};

/// Turns passwords into hashes and compares them.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password with today's parameters and a salt of its own.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError>;

    /// Compares a password with a hash, in a time that does not depend on where they differ.
    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, HashError>;

    /// Takes a hash that another system has made, in the notation of that system. A password that
    /// matches it is `MatchButStale`, if the hash knows all of it.
    ///
    /// # Errors
    /// [`HashError::Unreadable`] says why no password can be compared with it.
    fn adopt(&self, text: &str) -> Result<PasswordHash, HashError>;

    /// A hash of nothing anybody knows, as expensive to verify as a new one.
    fn decoy(&self) -> PasswordHash;
}

/// Knows the passwords that everybody tries first.
#[cfg_attr(test, mockall::automock)]
pub trait CommonPasswords: Send + Sync {
    /// Whether a password is among them; it is given in folded case and NFC.
    ///
    /// May now and then be mistaken about one that is not, never about one that is.
    fn contains(&self, folded: &str) -> bool;
}

/// The outcome of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right.
    Match,
    /// The password is right, and its hash was made with other parameters than today's.
    MatchButStale,
    /// The password is wrong.
    Mismatch,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many are waiting already; try again in a second.
    #[error("all hashing threads are busy")]
    Busy,
    /// The stored hash is none of ours, or asks for more work than we are willing to do.
    #[error("the stored hash cannot be read")]
    Unreadable(#[source] BoxError),
    /// The hash function itself failed.
    #[error("hashing failed")]
    Failed(#[source] BoxError),
}
