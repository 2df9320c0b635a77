//! Keeping secrets that have to be read again.

use zeroize::Zeroizing;

use crate::error::BoxError;

/// Seals secrets for storage or for a trip through a browser, and opens them again.
#[cfg_attr(test, mockall::automock)]
pub trait Sealer: Send + Sync {
    /// Encrypts and authenticates a text; the result is printable ASCII. Two seals of one text
    /// differ.
    fn seal(&self, purpose: SealPurpose, text: &str) -> Result<String, SealError>;

    /// Opens what this installation has sealed for this purpose.
    ///
    /// `None` for everything else, for whatever reason.
    fn open(&self, purpose: SealPurpose, sealed: &str) -> Option<Zeroizing<String>>;
}

/// What a seal is for: one made for one purpose does not open for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealPurpose {
    /// The password of the mail relay.
    RelayPassword,
    /// What one page tells the next.
    Flash,
    /// What a command on the machine asks the running service.
    Probe,
}

/// Why nothing was sealed.
#[derive(Debug, thiserror::Error)]
#[error("the secret could not be sealed")]
pub struct SealError(#[source] pub BoxError);
