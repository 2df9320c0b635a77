//! Purposes of keys.

use std::fmt;
use std::str::FromStr;

/// The purpose of a key. A key never verifies or opens tokens of another purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Access tokens, which other services also verify.
    Access,
    /// Reset tokens, which only this service verifies.
    Reset,
    /// Secrets that are stored or sent through a browser, which only this service opens. The keys
    /// are symmetric.
    Seal,
}

impl Purpose {
    /// All purposes.
    pub const ALL: [Self; 3] = [Self::Access, Self::Reset, Self::Seal];

    /// Returns the name used in key files, file names and implicit assertions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Reset => "reset",
            Self::Seal => "seal",
        }
    }

    /// Returns `true` if the keys seal instead of sign.
    pub(crate) fn seals(self) -> bool {
        self == Self::Seal
    }

    /// Returns the implicit assertion, which is authenticated together with the token.
    ///
    /// Claims that are copied into a token of another purpose or issuer are invalid, even with the
    /// same key. A sealed secret has its use in place of the issuer.
    pub(crate) fn implicit_assertion(self, scope: &str) -> String {
        format!("vestibule/v1|{self}|{scope}")
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a purpose.
#[derive(Debug, thiserror::Error)]
#[error("unknown purpose, expected access, reset or seal")]
pub struct UnknownPurpose;

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(UnknownPurpose)
    }
}
