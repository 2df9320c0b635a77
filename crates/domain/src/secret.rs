//! Secrets that are shown once and remembered only as a digest: a browser session's key, and the
//! link that sets up the first administrator.
//!
//! 256 random bits need no slow hash: nobody finds them by trying, so a digest keeps a copy of the
//! database from opening anything (decision D12, OWASP Session Management).

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::ports::Random;

const BYTES: usize = 32;

/// 256 random bits in the hands of whoever they were given to.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// What is remembered of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretDigest([u8; BYTES]);

impl Secret {
    /// Draws a new one.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        random.fill(&mut *bytes);
        Self::from_bytes(&bytes)
    }

    /// Takes 256 bits that are as good as random.
    pub(crate) fn from_bytes(bytes: &[u8; BYTES]) -> Self {
        Self(Zeroizing::new(hex(bytes)))
    }

    /// Reads one that came back; `None` when it is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let is_ours = text.len() == 2 * BYTES
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_ours.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, 64 hexadecimal digits, for the cookie or the link it belongs in.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What to remember of it.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl SecretDigest {
    /// The bare bytes, for the store.
    pub fn as_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    /// Takes bytes from the store.
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
    use crate::ports::mocks::CountingRandom;

    #[test]
    fn a_secret_comes_back_as_it_went_and_is_remembered_by_another_text() {
        let random = CountingRandom::default();
        let secret = Secret::generate(&random);
        let back = Secret::parse(secret.expose()).unwrap();
        assert_eq!(back.digest(), secret.digest());
        assert_ne!(Secret::generate(&random).digest(), secret.digest());
        assert!(!secret.expose().contains(&hex(secret.digest().as_bytes())));
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn what_is_none_of_ours_is_refused() {
        for text in ["", "abc", &"A".repeat(64), &"g".repeat(64), &"a".repeat(65), &"ä".repeat(32)]
        {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
    }
}
