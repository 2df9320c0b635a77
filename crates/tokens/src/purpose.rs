//! What a key is for.

use std::fmt;
use std::str::FromStr;

/// What a key is used for; a key of one purpose never reads what one of another has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Access tokens, which other services verify too.
    Access,
    /// Reset tokens, which only this service verifies.
    Reset,
    /// Secrets that are kept or sent through a browser, which only this service opens. Its keys are
    /// no pairs: the key that seals opens.
    Seal,
}

impl Purpose {
    /// Every purpose there is.
    pub const ALL: [Self; 3] = [Self::Access, Self::Reset, Self::Seal];

    /// The purpose as key files, file names and implicit assertions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Reset => "reset",
            Self::Seal => "seal",
        }
    }

    /// Whether its keys seal, instead of signing.
    pub(crate) fn seals(self) -> bool {
        self == Self::Seal
    }

    /// What a key of this purpose does, to go on after "the key that".
    pub(crate) fn verb(self) -> &'static str {
        if self.seals() { "seals" } else { "signs" }
    }

    /// What a signature or a seal covers besides the token: copying claims into a token of another purpose or
    /// of another issuer invalidates them, even under the same key. A seal has no issuer: in its
    /// place stands what it is for.
    pub(crate) fn implicit_assertion(self, scope: &str) -> String {
        format!("vestibule/v1|{self}|{scope}")
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no purpose.
#[derive(Debug, thiserror::Error)]
#[error("the purpose of a key is access, reset or seal")]
pub struct UnknownPurpose;

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(UnknownPurpose)
    }
}
