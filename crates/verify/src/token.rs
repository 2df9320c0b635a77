//! Parsing of the format of a token: four segments, and the id of a key in the footer.

use pasetors::Public;
use pasetors::keys::AsymmetricPublicKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};

use crate::error::VerifyError;

/// Maximum length of a token; longer ones are rejected before decoding.
pub(crate) const MAX_TOKEN_BYTES: usize = 4096;

/// Prefix of the id of a key, and the number of base64url characters after it.
const KID_HEADER: &str = "k4.pid.";
const KID_DIGITS: usize = 44;

/// A token that is not verified yet.
pub(crate) struct Envelope {
    token: UntrustedToken<Public, V4>,
    kid: String,
}

impl Envelope {
    /// Parses a v4.public token in canonical encoding with the id of a key in its footer.
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

    /// Returns the id of the key, well-formed but unverified: an attacker may have written it.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// Returns the payload, if `key` signed it with the footer and the implicit assertion.
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

/// Returns the `kid` of a footer that is exactly in the form that Vestibule writes.
///
/// The footer is unverified, so no JSON parser reads it, and a malformed id does not cause a
/// request for keys.
fn read_footer(footer: &[u8]) -> Option<&str> {
    let text = str::from_utf8(footer).ok()?;
    let kid = text.strip_prefix("{\"kid\":\"")?.strip_suffix("\"}")?;
    let digits = kid.strip_prefix(KID_HEADER)?;
    (digits.len() == KID_DIGITS && is_canonical(digits)).then_some(kid)
}

/// Returns `true` if a text is canonical base64url: no padding, no other characters, and no unused
/// bits at the end.
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

/// Returns the value of a base64url digit.
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
    fn bytes_have_one_encoding() {
        for good in ["AA", "QQ", "QUE", "QUFB", "_-8", "AAAAAA"] {
            assert!(is_canonical(good), "{good}");
        }
        for bad in ["", "A", "QR", "QUF", "QQ==", "QUE=", "QU E", "Q+8A", "Q/8A", "AAAAA", "é"] {
            assert!(!is_canonical(bad), "{bad}");
        }
    }

    #[test]
    fn a_footer_contains_only_the_id_of_a_key() {
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
