//! The outside of a v4.public token: four strict segments and one signature; and how the outside of
//! any token is read.
//!
//! Nothing in here knows what a token says or which keys there are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pasetors::Public;
use pasetors::errors::Error;
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};

/// Longer texts are refused before anything is decoded.
pub(crate) const MAX_TOKEN_BYTES: usize = 4096;

/// A token nobody has verified yet.
pub(crate) struct Envelope(UntrustedToken<Public, V4>);

impl Envelope {
    /// Takes a token apart; `None` if it is not the one and only spelling of a v4.public token.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        type Parts = UntrustedToken<Public, V4>;
        take_apart(token, PublicToken::HEADER, |parts: &Parts| {
            (parts.untrusted_message(), parts.untrusted_footer())
        })
        .map(Self)
    }

    /// The footer, which anybody may have written.
    pub(crate) fn untrusted_footer(&self) -> &[u8] {
        self.0.untrusted_footer()
    }

    /// The payload, if `key` has signed it together with the footer and the implicit assertion.
    pub(crate) fn open(
        &self,
        key: &AsymmetricPublicKey<V4>,
        implicit_assertion: &str,
    ) -> Option<String> {
        let assertion = Some(implicit_assertion.as_bytes());
        let token = PublicToken::verify(key, &self.0, None, assertion).ok()?;
        Some(token.payload().to_owned())
    }
}

/// Takes a token of any kind apart; `None` if it is too long, or not the one and only spelling.
/// `parts` shows message and footer of what the decoder has made of it.
pub(crate) fn take_apart<T: for<'a> TryFrom<&'a str>>(
    token: &str,
    header: &str,
    parts: fn(&T) -> (&[u8], &[u8]),
) -> Option<T> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let untrusted = T::try_from(token).ok()?;
    let (message, footer) = parts(&untrusted);
    (spell(header, message, footer) == token).then_some(untrusted)
}

/// The one spelling of a token. Whatever the decoder lets pass - padding, stray bits, an empty
/// footer after a dot - does not survive being written again.
fn spell(header: &str, message: &[u8], footer: &[u8]) -> String {
    let mut token = String::from(header);
    URL_SAFE_NO_PAD.encode_string(message, &mut token);
    if !footer.is_empty() {
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(footer, &mut token);
    }
    token
}

/// Signs a payload; Ed25519 makes the same token from the same arguments.
pub(crate) fn seal(
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
    //! The official vectors, for every kind of token.

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
        /// Of what is sealed.
        pub(crate) key: Option<String>,
        /// Of what is signed, as the other half.
        pub(crate) public_key: Option<String>,
        pub(crate) secret_key: Option<String>,
        pub(crate) token: String,
        pub(crate) payload: Option<String>,
        pub(crate) footer: String,
        pub(crate) implicit_assertion: String,
    }

    impl Vector {
        /// What opening the token has to give.
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

    fn open(vector: &Vector) -> Option<String> {
        let key = vector.public_key.as_deref().unwrap_or(PUBLIC_KEY);
        let key = AsymmetricPublicKey::<V4>::from(&bytes(key)).unwrap();
        let envelope = Envelope::parse(&vector.token)?;
        assert_eq!(envelope.untrusted_footer(), vector.footer.as_bytes(), "{}", vector.name);
        envelope.open(&key, &vector.implicit_assertion)
    }

    #[test]
    fn the_official_vectors_hold() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 8);
        for vector in &vectors {
            assert_eq!(open(vector), vector.expected(), "{}", vector.name);
        }
    }

    #[test]
    fn the_official_vectors_are_what_we_sign() {
        for vector in vectors().iter().filter(|vector| !vector.expect_fail) {
            let key = bytes(vector.secret_key.as_deref().unwrap());
            let key = AsymmetricSecretKey::<V4>::from(&key).unwrap();
            let payload = vector.payload.as_deref().unwrap();
            let token = seal(&key, payload, &vector.footer, &vector.implicit_assertion).unwrap();
            assert_eq!(token, vector.token, "{}", vector.name);
        }
    }

    #[test]
    fn another_implicit_assertion_is_refused() {
        for mut vector in vectors() {
            vector.implicit_assertion.push('x');
            assert_eq!(open(&vector), None, "{}", vector.name);
        }
    }

    #[test]
    fn every_token_has_one_spelling() {
        let token = vectors().swap_remove(1).token;
        assert!(Envelope::parse(&token).is_some());
        let (head, footer) = token.rsplit_once('.').unwrap();
        assert!(Envelope::parse(head).is_some());
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
            assert!(Envelope::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn stray_trailing_bits_are_refused() {
        let token = vectors().swap_remove(0).token;
        assert!(Envelope::parse(&format!("{token}.QQ")).is_some());
        assert!(Envelope::parse(&format!("{token}.QR")).is_none());
        assert!(Envelope::parse(&format!("{token}.QUE")).is_some());
        assert!(Envelope::parse(&format!("{token}.QUF")).is_none());
    }
}
