//! The v4.public format: signed tokens, and strict parsing for all tokens.
//!
//! Independent of the payload and of the available keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pasetors::Public;
use pasetors::errors::Error;
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};

/// Maximum length of a token; longer texts are rejected before decoding.
pub(crate) const MAX_TOKEN_BYTES: usize = 4096;

/// A token whose signature is not verified yet.
pub(crate) struct UnverifiedToken(UntrustedToken<Public, V4>);

impl UnverifiedToken {
    /// Parses a token; returns `None` if it is not the canonical encoding of a v4.public token.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        type Parts = UntrustedToken<Public, V4>;
        parse_canonical(token, PublicToken::HEADER, |parts: &Parts| {
            (parts.untrusted_message(), parts.untrusted_footer())
        })
        .map(Self)
    }

    /// Returns the footer, which is not verified yet.
    pub(crate) fn untrusted_footer(&self) -> &[u8] {
        self.0.untrusted_footer()
    }

    /// Returns the payload if it was signed with `key`, the footer and the implicit assertion.
    pub(crate) fn verify(
        &self,
        key: &AsymmetricPublicKey<V4>,
        implicit_assertion: &str,
    ) -> Option<String> {
        let assertion = Some(implicit_assertion.as_bytes());
        let token = PublicToken::verify(key, &self.0, None, assertion).ok()?;
        Some(token.payload().to_owned())
    }
}

/// Parses a token; returns `None` if it is too long or not canonically encoded.
///
/// `parts` returns the message and the footer of the decoded token.
pub(crate) fn parse_canonical<T: for<'a> TryFrom<&'a str>>(
    token: &str,
    header: &str,
    parts: fn(&T) -> (&[u8], &[u8]),
) -> Option<T> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let untrusted = T::try_from(token).ok()?;
    let (message, footer) = parts(&untrusted);
    (encode(header, message, footer) == token).then_some(untrusted)
}

/// Returns the canonical encoding of a token.
///
/// The decoder tolerates padding, unused bits and an empty footer after a dot; the comparison with
/// the canonical encoding rejects them.
fn encode(header: &str, message: &[u8], footer: &[u8]) -> String {
    let mut token = String::from(header);
    URL_SAFE_NO_PAD.encode_string(message, &mut token);
    if !footer.is_empty() {
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(footer, &mut token);
    }
    token
}

/// Signs a payload. Ed25519 is deterministic: the same arguments result in the same token.
pub(crate) fn sign(
    key: &AsymmetricSecretKey<V4>,
    payload: &str,
    footer: &str,
    implicit_assertion: &str,
) -> Result<String, Error> {
    let footer = Some(footer.as_bytes());
    PublicToken::sign(key, payload.as_bytes(), footer, Some(implicit_assertion.as_bytes()))
}

#[cfg(test)]
pub(crate) mod vectors {
    //! The official test vectors of PASETO.

    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vectors {
        tests: Vec<Vector>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub(crate) struct Vector {
        pub(crate) name: String,
        pub(crate) expect_fail: bool,
        /// Symmetric key of v4.local.
        pub(crate) key: Option<String>,
        /// Public key of v4.public.
        pub(crate) public_key: Option<String>,
        pub(crate) secret_key: Option<String>,
        pub(crate) token: String,
        pub(crate) payload: Option<String>,
        pub(crate) footer: String,
        pub(crate) implicit_assertion: String,
    }

    impl Vector {
        /// Returns the expected payload, or `None` if the token must be rejected.
        pub(crate) fn expected(&self) -> Option<String> {
            if self.expect_fail { None } else { self.payload.clone() }
        }
    }

    pub(crate) fn read(json: &str) -> Vec<Vector> {
        serde_json::from_str::<Vectors>(json).unwrap().tests
    }

    pub(crate) fn bytes(hex: &str) -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2);
        digits.map(|d| u8::from_str_radix(str::from_utf8(d).unwrap(), 16).unwrap()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::vectors::{self, Vector, bytes};
    use super::*;

    const PUBLIC_KEY: &str = "1eb9dbbbbc047c03fd70604e0071f0987e16b28b757225c11f00415d0e20b1a2";

    fn vectors() -> Vec<Vector> {
        vectors::read(include_str!("../tests/vectors/paseto-v4-public.json"))
    }

    fn verify(vector: &Vector) -> Option<String> {
        let key = vector.public_key.as_deref().unwrap_or(PUBLIC_KEY);
        let key = AsymmetricPublicKey::<V4>::from(&bytes(key)).unwrap();
        let token = UnverifiedToken::parse(&vector.token)?;
        assert_eq!(token.untrusted_footer(), vector.footer.as_bytes(), "{}", vector.name);
        token.verify(&key, &vector.implicit_assertion)
    }

    #[test]
    fn the_official_vectors_are_verified() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 8);
        for vector in &vectors {
            assert_eq!(verify(vector), vector.expected(), "{}", vector.name);
        }
    }

    #[test]
    fn signing_reproduces_the_official_vectors() {
        for vector in vectors().iter().filter(|vector| !vector.expect_fail) {
            let key = bytes(vector.secret_key.as_deref().unwrap());
            let key = AsymmetricSecretKey::<V4>::from(&key).unwrap();
            let payload = vector.payload.as_deref().unwrap();
            let token = sign(&key, payload, &vector.footer, &vector.implicit_assertion).unwrap();
            assert_eq!(token, vector.token, "{}", vector.name);
        }
    }

    #[test]
    fn another_implicit_assertion_is_rejected() {
        for mut vector in vectors() {
            vector.implicit_assertion.push('x');
            assert_eq!(verify(&vector), None, "{}", vector.name);
        }
    }

    #[test]
    fn only_the_canonical_encoding_is_accepted() {
        let token = vectors().swap_remove(1).token;
        assert!(UnverifiedToken::parse(&token).is_some());
        let (head, footer) = token.rsplit_once('.').unwrap();
        assert!(UnverifiedToken::parse(head).is_some());
        for other in [
            format!("{token}="),
            format!("{token}=="),
            format!("{head}=.{footer}"),
            format!("{head}."),
            format!("{token}."),
            format!("{token}.{footer}"),
            format!(" {token}"),
            format!("{token} "),
            format!("{token}\n"),
            token.replace('_', "/"),
            token.replace("v4.public", "V4.public"),
            token.replace("v4.public", "v4.local"),
            token.replace("v4.public", "v3.public"),
            token.replace("v4.public", "v2.public"),
            format!("{head}.{}", "A".repeat(10_000)),
            "v4.public.".to_owned(),
            "v4.public..".to_owned(),
            String::new(),
        ] {
            assert!(UnverifiedToken::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn unused_trailing_bits_are_rejected() {
        let token = vectors().swap_remove(0).token;
        assert!(UnverifiedToken::parse(&format!("{token}.QQ")).is_some());
        assert!(UnverifiedToken::parse(&format!("{token}.QR")).is_none());
        assert!(UnverifiedToken::parse(&format!("{token}.QUE")).is_some());
        assert!(UnverifiedToken::parse(&format!("{token}.QUF")).is_none());
    }
}
