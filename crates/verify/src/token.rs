//! The outside of a token: four strict segments, and the id of a key.
//!
//! Nothing in here knows what a token says or which keys there are.

use pasetors::Public;
use pasetors::keys::AsymmetricPublicKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};

use crate::error::VerifyError;

/// Longer texts are refused before anything is decoded.
pub(crate) const MAX_TOKEN_BYTES: usize = 4096;

/// What the id of a key begins with, and how many characters of base64url follow.
const KID_HEADER: &str = "k4.pid.";
const KID_DIGITS: usize = 44;

/// A token nobody has verified yet.
pub(crate) struct Envelope {
    token: UntrustedToken<Public, V4>,
    kid: String,
}

impl Envelope {
    /// Takes a token apart, if it is the one and only spelling of a v4.public token with the id of
    /// a key in its footer.
    pub(crate) fn parse(text: &str) -> Result<Self, VerifyError> {
        Self::take_apart(text).ok_or(VerifyError::Malformed)
    }

    fn take_apart(text: &str) -> Option<Self> {
        if text.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (body, footer) = text.strip_prefix(PublicToken::HEADER)?.split_once('.')?;
        if !is_canonical(body) || !is_canonical(footer) {
            return None;
        }
        let token = UntrustedToken::<Public, V4>::try_from(text).ok()?;
        let kid = read_footer(token.untrusted_footer())?.to_owned();
        Some(Self { token, kid })
    }

    /// The id of the key that has signed the token, as anybody may have written it. It looks like
    /// one.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The payload, if `key` has signed it together with the footer and the implicit assertion.
    pub(crate) fn open(
        &self,
        key: &AsymmetricPublicKey<V4>,
        implicit_assertion: &str,
    ) -> Result<String, VerifyError> {
        let assertion = Some(implicit_assertion.as_bytes());
        let token = PublicToken::verify(key, &self.token, None, assertion);
        token.map(|token| token.payload().to_owned()).map_err(|_| VerifyError::BadSignature)
    }
}

/// Takes the `kid` out of a footer that is spelled exactly as Vestibule does.
///
/// Anybody can write a footer, so it does not get as far as a JSON parser, and what does not look
/// like the id of a key is no reason to ask anybody for keys.
fn read_footer(footer: &[u8]) -> Option<&str> {
    let text = str::from_utf8(footer).ok()?;
    let kid = text.strip_prefix("{\"kid\":\"")?.strip_suffix("\"}")?;
    let digits = kid.strip_prefix(KID_HEADER)?;
    (digits.len() == KID_DIGITS && is_canonical(digits)).then_some(kid)
}

/// Whether a text is the one spelling in base64url of the bytes it stands for: no padding, no
/// foreign characters, and no bits left over at its end.
fn is_canonical(text: &str) -> bool {
    let left_over = match text.len() % 4 {
        0 => 0,
        2 => 0b1111,
        3 => 0b0011,
        _ => return false,
    };
    let last = text.bytes().last().and_then(value);
    text.bytes().all(|digit| value(digit).is_some())
        && last.is_some_and(|last| last & left_over == 0)
}

/// What a digit of base64url stands for.
fn value(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_spelling() {
        for good in ["AA", "QQ", "QUE", "QUFB", "_-8", "AAAAAA"] {
            assert!(is_canonical(good), "{good}");
        }
        for bad in ["", "A", "QR", "QUF", "QQ==", "QUE=", "QU E", "Q+8A", "Q/8A", "AAAAA", "é"] {
            assert!(!is_canonical(bad), "{bad}");
        }
    }

    #[test]
    fn a_footer_is_the_id_of_a_key_and_nothing_else() {
        let kid = format!("k4.pid.{}", "A".repeat(44));
        let read = |footer: &str| read_footer(footer.as_bytes()).map(str::to_owned);
        assert_eq!(read(&format!(r#"{{"kid":"{kid}"}}"#)).as_deref(), Some(&*kid));
        for footer in [
            String::new(),
            kid.clone(),
            format!(r#"{{"kid": "{kid}"}}"#),
            format!(r#"{{"kid":"{kid}"}} "#),
            format!(r#"{{"kid":"{kid}A"}}"#),
            format!(r#"{{"kid":"{kid}","kid":"{kid}"}}"#),
            format!(r#"{{"kid":"{}"}}"#, kid.replace("pid", "lid")),
            format!(r#"{{"kid":"{}"}}"#, kid.replacen('A', "\"", 1)),
            format!(r#"{{"kid":"{}"}}"#, kid.replacen("AA", "é", 1)),
            r#"{"kid":""}"#.to_owned(),
            r#"{"kid":null}"#.to_owned(),
        ] {
            assert_eq!(read(&footer), None, "{footer}");
        }
        assert_eq!(read_footer(b"{\"kid\":\"\xff\"}"), None);
    }
}
