//! Password hashes of other systems, so that imported accounts keep their passwords.
//!
//! A hash is stored as it was imported and parsed at every verification. Parsing is cheap and
//! limits the cost of a verification before anything is computed. Rehashing a password that matched
//! is up to the caller.

mod argon2;
mod bcrypt;
mod notation;
mod pbkdf2;
mod phc_fields;
mod scrypt;
mod unusable;

use std::fmt;

use subtle::ConstantTimeEq as _;
use vestibule_domain::error::BoxError;
use zeroize::Zeroizing;

use self::argon2::Argon2;
use self::bcrypt::Bcrypt;
use self::pbkdf2::Pbkdf2;
use self::phc_fields::InvalidHash;
use self::scrypt::Scrypt;
pub use self::unusable::UnusableHash;

/// Maximum length of a hash; no valid one is longer.
const MAX_TEXT_BYTES: usize = 512;

/// The algorithm of a foreign hash, independent of its notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Argon2id.
    Argon2id,
    /// Argon2i.
    Argon2i,
    /// Argon2d.
    Argon2d,
    /// Bcrypt of the password itself.
    Bcrypt,
    /// Bcrypt of a SHA-256 of the password, in one of three ways.
    BcryptSha256,
    /// Scrypt.
    Scrypt,
    /// PBKDF2 with HMAC-SHA-1.
    Pbkdf2Sha1,
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2Sha256,
    /// PBKDF2 with HMAC-SHA-512.
    Pbkdf2Sha512,
}

impl Scheme {
    /// Returns the display name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Argon2id => "Argon2id",
            Self::Argon2i => "Argon2i",
            Self::Argon2d => "Argon2d",
            Self::Bcrypt => "bcrypt",
            Self::BcryptSha256 => "bcrypt of SHA-256",
            Self::Scrypt => "scrypt",
            Self::Pbkdf2Sha1 => "PBKDF2 with SHA-1",
            Self::Pbkdf2Sha256 => "PBKDF2 with SHA-256",
            Self::Pbkdf2Sha512 => "PBKDF2 with SHA-512",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The password matches.
    Match,
    /// The first 72 bytes match, and bcrypt ignores all others.
    ///
    /// The user can sign in, as in the other system. But the password must not be rehashed: a typo
    /// in the bytes that were not compared would become part of the password.
    PrefixMatch,
    /// The password does not match.
    Mismatch,
}

/// A password hash of another system that can be verified at a bounded cost.
pub struct ForeignHash {
    scheme: Scheme,
    kdf: Kdf,
    output: Vec<u8>,
}

/// A key derivation function with its parameters.
enum Kdf {
    Argon2(Argon2),
    Bcrypt(Bcrypt),
    Scrypt(Scrypt),
    Pbkdf2(Pbkdf2),
}

/// The parsed function and its expected output.
type Parsed = Result<(Kdf, Vec<u8>), InvalidHash>;

impl ForeignHash {
    /// Parses a hash in any supported notation. Computes nothing.
    ///
    /// # Errors
    ///
    /// [`UnusableHash`] with the reason if the hash cannot be verified. It never contains the hash.
    pub fn parse(text: &str) -> Result<Self, UnusableHash> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(UnusableHash::TooLong);
        }
        let (scheme, parsed) = notation::parse(text).ok_or_else(|| unusable::reason(text))?;
        let (kdf, output) = parsed.map_err(|invalid| UnusableHash::new(scheme, invalid))?;
        Ok(Self { scheme, kdf, output })
    }

    /// Returns the algorithm of the hash.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Compares a password with the hash in constant time.
    ///
    /// Takes milliseconds to seconds, and up to 256 MiB of memory.
    ///
    /// # Errors
    ///
    /// If the function rejects parameters that were already checked, which would be a bug.
    pub fn verify(&self, password: &[u8]) -> Result<Comparison, BoxError> {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        match &self.kdf {
            Kdf::Argon2(kdf) => kdf.compute(password, &mut output)?,
            Kdf::Bcrypt(kdf) => kdf.compute(password, &mut output)?,
            Kdf::Scrypt(kdf) => kdf.compute(password, &mut output)?,
            Kdf::Pbkdf2(kdf) => kdf.compute(password, &mut output),
        }
        if !bool::from(output.ct_eq(&self.output)) {
            return Ok(Comparison::Mismatch);
        }
        Ok(match &self.kdf {
            Kdf::Bcrypt(kdf) if !kdf.uses_all_bytes(password) => Comparison::PrefixMatch,
            _ => Comparison::Match,
        })
    }
}

impl fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignHash({}, ..)", self.scheme)
    }
}
