//! The v4.local format: encrypted and authenticated tokens.
//!
//! Independent of the payload and of the available keys.

use pasetors::Local;
use pasetors::errors::Error;
use pasetors::keys::SymmetricKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{LocalToken, V4};
use zeroize::Zeroizing;

use crate::v4_public::parse_canonical;

/// An encrypted token.
pub(crate) struct EncryptedToken(UntrustedToken<Local, V4>);

impl EncryptedToken {
    /// Parses a token; returns `None` if it is not the canonical encoding of a v4.local token.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        type Parts = UntrustedToken<Local, V4>;
        parse_canonical(token, LocalToken::HEADER, |parts: &Parts| {
            (parts.untrusted_message(), parts.untrusted_footer())
        })
        .map(Self)
    }

    /// Returns the footer, which is not authenticated yet.
    pub(crate) fn untrusted_footer(&self) -> &[u8] {
        self.0.untrusted_footer()
    }

    /// Returns the payload if it was encrypted with `key`, the footer and the implicit assertion.
    pub(crate) fn decrypt(
        &self,
        key: &SymmetricKey<V4>,
        implicit_assertion: &str,
    ) -> Option<Zeroizing<String>> {
        let assertion = Some(implicit_assertion.as_bytes());
        let token = LocalToken::decrypt(key, &self.0, None, assertion).ok()?;
        // The library does not wipe its own copy, but this one is wiped after use.
        Some(Zeroizing::new(token.payload().to_owned()))
    }
}

/// Encrypts a payload with a random nonce.
pub(crate) fn encrypt(
    key: &SymmetricKey<V4>,
    payload: &str,
    footer: &str,
    implicit_assertion: &str,
) -> Result<String, Error> {
    let footer = Some(footer.as_bytes());
    LocalToken::encrypt(key, payload.as_bytes(), footer, Some(implicit_assertion.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4_public::vectors::{self, Vector, bytes};

    const KEY: &str = "707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f";

    fn vectors() -> Vec<Vector> {
        vectors::read(include_str!("../tests/vectors/paseto-v4-local.json"))
    }

    fn key(hex: &str) -> SymmetricKey<V4> {
        SymmetricKey::from(&bytes(hex)).unwrap()
    }

    fn decrypt(vector: &Vector) -> Option<String> {
        let token = EncryptedToken::parse(&vector.token)?;
        assert_eq!(token.untrusted_footer(), vector.footer.as_bytes(), "{}", vector.name);
        let key = key(vector.key.as_deref().unwrap_or(KEY));
        token.decrypt(&key, &vector.implicit_assertion).map(|payload| payload.to_string())
    }

    #[test]
    fn the_official_vectors_are_decrypted() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 15);
        for vector in &vectors {
            assert_eq!(decrypt(vector), vector.expected(), "{}", vector.name);
        }
    }

    #[test]
    fn another_implicit_assertion_is_rejected() {
        for mut vector in vectors() {
            vector.implicit_assertion.push('x');
            assert_eq!(decrypt(&vector), None, "{}", vector.name);
        }
    }

    #[test]
    fn only_the_canonical_encoding_is_accepted() {
        let token = encrypt(&key(KEY), "text", "footer", "").unwrap();
        assert!(EncryptedToken::parse(&token).is_some());
        let (head, footer) = token.rsplit_once('.').unwrap();
        for other in [
            format!("{token}="),
            format!("{head}=.{footer}"),
            format!("{head}."),
            format!("{token}."),
            format!("{token}.{footer}"),
            format!(" {token}"),
            format!("{token}\n"),
            token.replace("v4.local", "v4.public"),
            token.replace("v4.local", "v3.local"),
            token.replace("v4.local", "V4.local"),
            format!("{head}.{}", "A".repeat(10_000)),
            "v4.local.".to_owned(),
            "v4.local..".to_owned(),
            String::new(),
        ] {
            assert!(EncryptedToken::parse(&other).is_none(), "{other}");
        }
    }
}
