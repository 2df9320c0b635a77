//! Hashes that other systems made, so that imported accounts keep their passwords.
//!
//! A hash stays the text that was imported and is read again at every comparison, so reading is
//! cheap, and bounds what a comparison may cost before anything is computed. What becomes of a
//! password that matched, above all a new hash, is for the caller to decide.

mod argon2;
mod bcrypt;
mod fields;
mod notation;
mod pbkdf2;
mod scrypt;
mod unusable;

use std::fmt;

use subtle::ConstantTimeEq as _;
use vestibule_domain::error::BoxError;
use zeroize::Zeroizing;

use self::argon2::Argon2;
use self::bcrypt::Bcrypt;
use self::fields::Fault;
use self::pbkdf2::Pbkdf2;
use self::scrypt::Scrypt;
pub use self::unusable::UnusableHash;

/// No legal text is longer, so none has to be looked at.
const MAX_TEXT_BYTES: usize = 512;

/// What a foreign hash was computed with, whatever the notation.
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
    /// Its name for people.
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

/// The outcome of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The password is right.
    Match,
    /// Its first 72 bytes are right, and bcrypt knows nothing of any others.
    ///
    /// The account may be entered, as it could before. But the password must not be hashed anew: a
    /// slip in the part that was not compared would become part of the password.
    MatchOfStart,
    /// The password is wrong.
    Mismatch,
}

/// A hash of another system that can be compared with passwords, at a bounded cost.
pub struct ForeignHash {
    scheme: Scheme,
    recipe: Recipe,
    output: Vec<u8>,
}

/// How to compute a hash of a password.
enum Recipe {
    Argon2(Argon2),
    Bcrypt(Bcrypt),
    Scrypt(Scrypt),
    Pbkdf2(Pbkdf2),
}

/// What a notation says: how to compute, and what must come out.
type Reading = Result<(Recipe, Vec<u8>), Fault>;

impl ForeignHash {
    /// Reads a hash in any notation that is known here. Computes nothing.
    ///
    /// # Errors
    ///
    /// [`UnusableHash`] says why no password can be compared with it, and never repeats it.
    pub fn parse(text: &str) -> Result<Self, UnusableHash> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(UnusableHash::TooLong);
        }
        let (scheme, reading) = notation::read(text).ok_or_else(|| unusable::reason(text))?;
        let (recipe, output) = reading.map_err(|fault| UnusableHash::of(scheme, fault))?;
        Ok(Self { scheme, recipe, output })
    }

    /// What it was computed with.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Compares a password with it, in a time that does not depend on where they differ.
    ///
    /// Takes milliseconds to seconds, and up to 256 MiB of memory.
    ///
    /// # Errors
    ///
    /// When a hash function refuses what was checked before, which would be a bug.
    pub fn verify(&self, password: &[u8]) -> Result<Comparison, BoxError> {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        match &self.recipe {
            Recipe::Argon2(recipe) => recipe.compute(password, &mut output)?,
            Recipe::Bcrypt(recipe) => recipe.compute(password, &mut output)?,
            Recipe::Scrypt(recipe) => recipe.compute(password, &mut output)?,
            Recipe::Pbkdf2(recipe) => recipe.compute(password, &mut output),
        }
        if !bool::from(output.ct_eq(&self.output)) {
            return Ok(Comparison::Mismatch);
        }
        Ok(match &self.recipe {
            Recipe::Bcrypt(recipe) if !recipe.sees_all_of(password) => Comparison::MatchOfStart,
            _ => Comparison::Match,
        })
    }
}

impl fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignHash({}, ..)", self.scheme)
    }
}
