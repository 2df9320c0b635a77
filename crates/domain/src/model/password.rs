//! Passwords and password hashes, as types that do not print.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

/// Maximum length in code points after NFC; NIST SP 800-63B-4 requires at least 64.
pub const MAX_PASSWORD_CODE_POINTS: usize = 256;
/// Maximum length in bytes after NFC, which bounds the cost of hashing.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// A password as typed, in NFC, wiped from memory when dropped.
///
/// Never trimmed, cut or case-folded. NFC gives a password the same bytes from each keyboard
/// (NIST SP 800-63B-4, section 3.1.1.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

/// The reason why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The text is empty.
    #[error("the password is empty")]
    Empty,
    /// Fewer code points than the policy requires.
    #[error("the password has fewer than {min} characters")]
    TooShort {
        /// The minimum in code points.
        min: usize,
    },
    /// More than [`MAX_PASSWORD_CODE_POINTS`] or [`MAX_PASSWORD_BYTES`].
    #[error("the password is too long")]
    TooLong,
    /// Equal to the current password.
    #[error("the password is the one in use")]
    Reused,
    /// On the list of common passwords.
    #[error("the password is a common one")]
    Common,
    /// Too similar to the email address, the username or the product name.
    #[error("the password is made of what is known about its owner")]
    Personal,
}

impl Password {
    /// Parses a password that is compared with a stored hash.
    ///
    /// # Errors
    /// [`PasswordError::Empty`] and [`PasswordError::TooLong`]: such a password cannot have been set.
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        // NFC at most triples the number of bytes: refuse before normalising.
        if text.len() > MAX_PASSWORD_BYTES * 3 {
            return Err(PasswordError::TooLong);
        }
        let nfc =
            Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned());
        if nfc.is_empty() {
            return Err(PasswordError::Empty);
        }
        if nfc.len() > MAX_PASSWORD_BYTES || nfc.chars().count() > MAX_PASSWORD_CODE_POINTS {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(nfc))
    }

    /// Parses a new password of at least `min` code points after NFC.
    ///
    /// # Errors
    /// [`PasswordError`], except `Reused`, `Common` and `Personal`, which use cases check.
    pub fn choose(text: &str, min: usize) -> Result<Self, PasswordError> {
        let password = Self::parse(text)?;
        if password.0.chars().count() < min {
            return Err(PasswordError::TooShort { min });
        }
        Ok(password)
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Returns the bytes, for the hasher only.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A password hash in PHC string format, opaque except to the hasher.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a PHC string from a hasher or the store.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// Returns the PHC string, for the hasher and the store.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_code_points_after_nfc() {
        assert_eq!(
            Password::choose("e\u{301}bcdefghijk", 12),
            Err(PasswordError::TooShort { min: 12 })
        );
        assert!(Password::choose("e\u{301}bcdefghijkl", 12).is_ok());
        assert!(Password::choose("🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", 12).is_ok());
        assert!(Password::choose("            ", 12).is_ok());
    }

    #[test]
    fn passwords_are_neither_truncated_nor_trimmed() {
        assert!(Password::parse(&"x".repeat(256)).is_ok());
        assert_eq!(Password::parse(&"x".repeat(257)), Err(PasswordError::TooLong));
        assert!(Password::parse(&"🦀".repeat(256)).is_ok());
        assert_eq!(Password::parse(&"x".repeat(100_000)), Err(PasswordError::TooLong));
        assert_ne!(Password::parse("secret ").unwrap(), Password::parse("secret").unwrap());
        assert_eq!(Password::parse(""), Err(PasswordError::Empty));
    }

    #[test]
    fn passwords_are_normalized_with_nfc_not_nfkc() {
        assert_eq!(Password::parse("\u{e9}").unwrap(), Password::parse("e\u{301}").unwrap());
        assert_ne!(Password::parse("\u{ff21}").unwrap(), Password::parse("A").unwrap());
    }

    #[test]
    fn secrets_do_not_print() {
        let password = Password::parse("correct horse").unwrap();
        let hash = PasswordHash::from_phc("$argon2id$x".to_owned());
        assert_eq!(format!("{password:?} {hash:?}"), "Password(..) PasswordHash(..)");
    }
}
