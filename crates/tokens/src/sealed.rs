//! The outside of a v4.local token: a text nobody can read or change without the key.
//!
//! Nothing in here knows what was sealed or which keys there are.

use pasetors::Local;
use pasetors::errors::Error;
use pasetors::keys::SymmetricKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{LocalToken, V4};
use zeroize::Zeroizing;

use crate::envelope::take_apart;

/// A sealed text nobody has opened yet.
pub(crate) struct Sealed(UntrustedToken<Local, V4>);

impl Sealed {
    /// Takes a token apart; `None` if it is not the one and only spelling of a v4.local token.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        type Parts = UntrustedToken<Local, V4>;
        take_apart(token, LocalToken::HEADER, |parts: &Parts| {
            (parts.untrusted_message(), parts.untrusted_footer())
        })
        .map(Self)
    }

    /// The footer, which anybody may have written.
    pub(crate) fn untrusted_footer(&self) -> &[u8] {
        self.0.untrusted_footer()
    }

    /// The payload, if it was sealed with `key` together with the footer and the implicit
    /// assertion.
    pub(crate) fn open(
        &self,
        key: &SymmetricKey<V4>,
        implicit_assertion: &str,
    ) -> Option<Zeroizing<String>> {
        let assertion = Some(implicit_assertion.as_bytes());
        let token = LocalToken::decrypt(key, &self.0, None, assertion).ok()?;
        // The library does not wipe its own copy; ours at least does not outlive its use.
        Some(Zeroizing::new(token.payload().to_owned()))
    }
}

/// Seals a payload, differently every time.
pub(crate) fn seal(
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
    use crate::envelope::vectors::{self, Vector, bytes};

    const KEY: &str = "707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f";

    fn vectors() -> Vec<Vector> {
        vectors::read(include_str!("../tests/vectors/paseto-v4-local.json"))
    }

    fn key(hex: &str) -> SymmetricKey<V4> {
        SymmetricKey::from(&bytes(hex)).unwrap()
    }

    fn open(vector: &Vector) -> Option<String> {
        let sealed = Sealed::parse(&vector.token)?;
        assert_eq!(sealed.untrusted_footer(), vector.footer.as_bytes(), "{}", vector.name);
        let key = key(vector.key.as_deref().unwrap_or(KEY));
        sealed.open(&key, &vector.implicit_assertion).map(|payload| payload.to_string())
    }

    #[test]
    fn the_official_vectors_hold() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 15);
        for vector in &vectors {
            assert_eq!(open(vector), vector.expected(), "{}", vector.name);
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
    fn every_sealed_text_has_one_spelling() {
        let token = seal(&key(KEY), "text", "footer", "").unwrap();
        assert!(Sealed::parse(&token).is_some());
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
            assert!(Sealed::parse(&other).is_none(), "{other}");
        }
    }
}
