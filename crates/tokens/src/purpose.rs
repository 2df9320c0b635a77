//! What a key pair is for.

use std::fmt;
use std::str::FromStr;

/// What a key pair signs; a key of one purpose never verifies a token of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Access tokens, which other services verify too.
    Access,
    /// Reset tokens, which only this service verifies.
    Reset,
}

impl Purpose {
    /// Every purpose there is.
    pub const ALL: [Self; 2] = [Self::Access, Self::Reset];

    /// The purpose as key files, file names and implicit assertions spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Reset => "reset",
        }
    }

    /// What a signature covers besides the token: copying claims into a token of another purpose or
    /// of another issuer invalidates them, even under the same key.
    pub(crate) fn implicit_assertion(self, issuer: &str) -> String {
        format!("vestibule/v1|{self}|{issuer}")
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no purpose.
#[derive(Debug, thiserror::Error)]
#[error("the purpose of a key is access or reset")]
pub struct UnknownPurpose;

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(UnknownPurpose)
    }
}
