//! Secrets of 256 random bits that are stored as a digest only: keys of browser sessions, and setup
//! links.
//!
//! 256 random bits cannot be guessed, so they need no slow hash: the digest alone makes a copy of
//! the database useless (decision 0010, OWASP Session Management).

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::system::Random;

const BYTES: usize = 32;

/// A secret of 256 random bits. Does not print, and is wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// The stored digest of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretDigest([u8; BYTES]);

impl Secret {
    /// Generates a secret.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        random.fill(&mut *bytes);
        Self::from_bytes(&bytes)
    }

    /// Wraps 256 bits that are indistinguishable from random.
    pub(crate) fn from_bytes(bytes: &[u8; BYTES]) -> Self {
        Self(Zeroizing::new(hex(bytes)))
    }

    /// Parses a secret; returns `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let is_ours = text.len() == 2 * BYTES
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_ours.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// Returns the text, 64 hexadecimal digits, for a cookie or link.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the digest to store.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl SecretDigest {
    /// Returns the bytes, for the store.
    pub fn as_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    /// Wraps bytes from the store.
    pub fn from_bytes(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::CountingRandom;

    #[test]
    fn a_secret_is_parsed_as_it_was_printed_and_differs_from_its_digest() {
        let random = CountingRandom::default();
        let secret = Secret::generate(&random);
        let back = Secret::parse(secret.expose()).unwrap();
        assert_eq!(back.digest(), secret.digest());
        assert_ne!(Secret::generate(&random).digest(), secret.digest());
        assert!(!secret.expose().contains(&hex(secret.digest().as_bytes())));
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn malformed_secrets_are_refused() {
        for text in ["", "abc", &"A".repeat(64), &"g".repeat(64), &"a".repeat(65), &"ä".repeat(32)]
        {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
    }
}
