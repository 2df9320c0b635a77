//! Why a hash cannot be used, in words for the report of an import.

use super::Scheme;
use super::fields::{self, Fault};

/// Why no password can be compared with a hash. Its text goes on where "The hash cannot be used:"
/// ends, and never repeats the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableHash {
    /// There is none: the account had no password.
    #[error("there is none, so the account had no password")]
    Absent,
    /// It is longer than any.
    #[error("it is longer than any hash")]
    TooLong,
    /// Its notation is not known.
    #[error("it is in no notation that is known here")]
    Unknown,
    /// Its scheme is known, and is not computed here.
    #[error("it was made with {0}, which is not supported")]
    Unsupported(&'static str),
    /// Its scheme is so fast that whoever reads the hash has the password.
    #[error("it was made with {0}, which does not protect a password")]
    TooWeak(&'static str),
    /// It was made by a bcrypt that loses parts of a password that is not ASCII.
    #[error("it was made with the variant 2x of bcrypt, which loses parts of some passwords")]
    Defective,
    /// It begins like one of a scheme and goes on otherwise.
    #[error("it looks like {scheme}, but {what}")]
    Malformed {
        /// What it looks like.
        scheme: Scheme,
        /// What is wrong.
        what: &'static str,
    },
    /// A comparison would take too long, or too much memory.
    #[error("it was made with {scheme} and asks for too much work: {what}")]
    TooExpensive {
        /// What it was made with.
        scheme: Scheme,
        /// What is too much.
        what: &'static str,
    },
    /// It is well-formed, and protects nothing.
    #[error("it was made with {scheme} and protects nothing: {what}")]
    Worthless {
        /// What it was made with.
        scheme: Scheme,
        /// What is missing.
        what: &'static str,
    },
}

impl UnusableHash {
    pub(super) fn of(scheme: Scheme, fault: Fault) -> Self {
        match fault {
            Fault::Malformed(what) => Self::Malformed { scheme, what },
            Fault::TooExpensive(what) => Self::TooExpensive { scheme, what },
            Fault::Worthless(what) => Self::Worthless { scheme, what },
        }
    }
}

/// What is refused by how it begins. A reason that can be read spares an operator the guessing.
const REFUSED: [(&str, UnusableHash); 21] = [
    ("$2x$", UnusableHash::Defective),
    ("$2$", UnusableHash::Unsupported("the first variant of bcrypt")),
    ("$5$", UnusableHash::Unsupported("SHA-256-crypt")),
    ("$6$", UnusableHash::Unsupported("SHA-512-crypt")),
    ("$7$", UnusableHash::Unsupported("scrypt in the notation of crypt")),
    ("$y$", UnusableHash::Unsupported("yescrypt")),
    ("$gy$", UnusableHash::Unsupported("gost-yescrypt")),
    ("$P$", UnusableHash::Unsupported("phpass")),
    ("$H$", UnusableHash::Unsupported("phpass")),
    ("$S$", UnusableHash::Unsupported("the SHA-512 of Drupal")),
    ("$wp$", UnusableHash::Unsupported("the bcrypt of WordPress")),
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

/// The reason to refuse what is in none of the notations that are read.
pub(super) fn reason(text: &str) -> UnusableHash {
    // Django's mark for no password begins with the exclamation mark, as does a locked account's.
    if text.is_empty() || text == "*" || text.starts_with('!') {
        return UnusableHash::Absent;
    }
    // What MD5, SHA-1 and SHA-2 come to.
    if matches!(text.len(), 32 | 40 | 56 | 64 | 96 | 128) && fields::is_hexadecimal(text) {
        return UnusableHash::TooWeak("a single digest such as MD5 or SHA-1");
    }
    let refused = REFUSED.iter().find(|(start, _)| text.starts_with(start));
    refused.map_or(UnusableHash::Unknown, |(_, reason)| *reason)
}
