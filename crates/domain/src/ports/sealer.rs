//! Encryption of secrets that are read again.

use zeroize::Zeroizing;

use crate::error::BoxError;

/// Seals (encrypts and authenticates) secrets for storage or a cookie, and opens them.
#[cfg_attr(test, mockall::automock)]
pub trait Sealer: Send + Sync {
    /// Encrypts and authenticates a text. The result is printable ASCII, and different each time.
    fn seal(&self, purpose: SealPurpose, text: &str) -> Result<String, SealError>;

    /// Opens a text that this installation sealed for this purpose; returns `None` otherwise.
    fn open(&self, purpose: SealPurpose, sealed: &str) -> Option<Zeroizing<String>>;
}

/// The purpose of a sealed text; it cannot be opened for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealPurpose {
    /// The password of the SMTP server.
    SmtpPassword,
    /// A message from one page to the next.
    Flash,
    /// A question of a command to the running service.
    Probe,
}

/// The reason why a secret was not sealed.
#[derive(Debug, thiserror::Error)]
#[error("the secret could not be sealed")]
pub struct SealError(#[source] pub BoxError);
