//! Reasons to reject a hash, for the report of an import.

use super::Scheme;
use super::phc_fields::{self, InvalidHash};

/// The reason why a hash cannot be verified.
///
/// The text completes "the password hash cannot be used:" and never contains the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableHash {
    /// The account had no password.
    #[error("the account has no password")]
    Absent,
    /// It is too long.
    #[error("it is too long")]
    TooLong,
    /// Its notation is unknown.
    #[error("unknown format")]
    Unknown,
    /// Its algorithm is known but not supported.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// Its algorithm is so fast that the password can be computed from the hash.
    #[error("{0} does not protect a password")]
    TooWeak(&'static str),
    /// A defective bcrypt implementation ignored parts of passwords that are not ASCII.
    #[error("bcrypt variant 2x ignores parts of some passwords")]
    Defective,
    /// It has the prefix of a scheme but does not follow its notation.
    #[error("malformed {scheme} hash: {what}")]
    Malformed {
        /// The scheme of the prefix.
        scheme: Scheme,
        /// Description of the problem.
        what: &'static str,
    },
    /// Its verification would take too long or too much memory.
    #[error("{scheme} hash is too expensive to verify: {what}")]
    TooExpensive {
        /// The scheme of the hash.
        scheme: Scheme,
        /// The limit that was exceeded.
        what: &'static str,
    },
    /// It is well-formed but does not protect the password.
    #[error("insecure {scheme} hash: {what}")]
    Insecure {
        /// The scheme of the hash.
        scheme: Scheme,
        /// The missing part.
        what: &'static str,
    },
}

impl UnusableHash {
    pub(super) fn new(scheme: Scheme, invalid: InvalidHash) -> Self {
        match invalid {
            InvalidHash::Malformed(what) => Self::Malformed { scheme, what },
            InvalidHash::TooExpensive(what) => Self::TooExpensive { scheme, what },
            InvalidHash::Insecure(what) => Self::Insecure { scheme, what },
        }
    }
}

/// Prefixes of rejected hashes, with the reason for the operator.
const REJECTED: [(&str, UnusableHash); 21] = [
    ("$2x$", UnusableHash::Defective),
    ("$2$", UnusableHash::Unsupported("bcrypt variant 2")),
    ("$5$", UnusableHash::Unsupported("SHA-256-crypt")),
    ("$6$", UnusableHash::Unsupported("SHA-512-crypt")),
    ("$7$", UnusableHash::Unsupported("scrypt in crypt notation")),
    ("$y$", UnusableHash::Unsupported("yescrypt")),
    ("$gy$", UnusableHash::Unsupported("gost-yescrypt")),
    ("$P$", UnusableHash::Unsupported("phpass")),
    ("$H$", UnusableHash::Unsupported("phpass")),
    ("$S$", UnusableHash::Unsupported("Drupal's SHA-512")),
    ("$wp$", UnusableHash::Unsupported("WordPress's bcrypt")),
    (
        "pbkdf2:",
        UnusableHash::Unsupported("PBKDF2 with a digest other than SHA-1, SHA-256 and SHA-512"),
    ),
    ("$1$", UnusableHash::TooWeak("MD5-crypt")),
    ("$apr1$", UnusableHash::TooWeak("MD5-crypt")),
    ("md5$", UnusableHash::TooWeak("a single MD5")),
    ("sha1$", UnusableHash::TooWeak("a single SHA-1")),
    ("sha256$", UnusableHash::TooWeak("a single SHA-256")),
    ("{SHA}", UnusableHash::TooWeak("a single SHA-1")),
    ("{SSHA}", UnusableHash::TooWeak("a single SHA-1")),
    ("{MD5}", UnusableHash::TooWeak("a single MD5")),
    ("{SMD5}", UnusableHash::TooWeak("a single MD5")),
];

/// Returns the reason to reject a hash whose notation is not supported.
pub(super) fn reason(text: &str) -> UnusableHash {
    // Django marks an unusable password with `!`, and `/etc/shadow` a locked account.
    if text.is_empty() || text == "*" || text.starts_with('!') {
        return UnusableHash::Absent;
    }
    // Lengths of MD5, SHA-1 and SHA-2.
    if matches!(text.len(), 32 | 40 | 56 | 64 | 96 | 128) && phc_fields::is_hexadecimal(text) {
        return UnusableHash::TooWeak("a single digest such as MD5 or SHA-1");
    }
    let rejected = REJECTED.iter().find(|(prefix, _)| text.starts_with(prefix));
    rejected.map_or(UnusableHash::Unknown, |(_, reason)| *reason)
}
