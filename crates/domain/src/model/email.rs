//! Email addresses and the canonical key that identifies an account.
//!
//! The key is computed here only, so that it is the same on every database. Forms that two mail
//! parsers could read differently (quoted local parts, comments, groups, address literals) are
//! refused.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Maximum length of an address in bytes (RFC 5321, section 4.5.3.1.3).
pub const MAX_EMAIL_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;

/// An address that mail can be sent to, with the key that identifies its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress {
    text: String,
    key: EmailKey,
}

/// The canonical form of an address: equal keys mean the same account.
///
/// Trimmed; local part in NFC and case-folded; domain as lower-case A-labels (UTS 46).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailKey(String);

/// The reason why a text is not a valid address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// The text is empty.
    #[error("the address is empty")]
    Empty,
    /// More than [`MAX_EMAIL_BYTES`], or more than 64 bytes before the `@`.
    #[error("the address is too long")]
    TooLong,
    /// Not of the form `name@example.com`.
    #[error("the address is not of the form name@example.com")]
    Format,
}

impl EmailAddress {
    /// Parses an address as a user types it.
    ///
    /// # Errors
    /// [`EmailError`] if the address is not valid. The error does not contain the text.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > MAX_EMAIL_BYTES {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Format)?;
        let local = nfc(local);
        if local.len() > MAX_LOCAL_BYTES {
            return Err(EmailError::TooLong);
        }
        if !is_dot_atom(&local) {
            return Err(EmailError::Format);
        }
        let domain = ascii_domain(domain)?;
        let address = format!("{local}@{domain}");
        if address.len() > MAX_EMAIL_BYTES {
            return Err(EmailError::TooLong);
        }
        let folded = nfc(&CaseMapper::new().fold_string(&local));
        Ok(Self { text: address, key: EmailKey(format!("{folded}@{domain}")) })
    }

    /// Returns the address that mail is sent to: the local part as typed, the domain in ASCII.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the part before the `@`, as typed.
    pub fn local_part(&self) -> &str {
        self.text.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// Returns the key that identifies the account.
    pub fn key(&self) -> &EmailKey {
        &self.key
    }
}

impl EmailKey {
    /// Returns the key as text, for adapters that store or compare it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Wraps a key that was read from the store.
    pub fn from_stored(key: String) -> Self {
        Self(key)
    }
}

fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// Returns `true` for a `dot-atom` (RFC 5322), with non-ASCII letters and digits (RFC 6531).
fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

fn is_atom_character(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
    } else {
        // Scripts such as Devanagari and Thai need combining marks. Controls, format characters
        // (bidirectional overrides, for example), spaces and symbols are refused.
        (c.is_alphanumeric() || is_combining_mark(c)) && !is_invisible(c)
    }
}

fn is_combining_mark(c: char) -> bool {
    icu_normalizer::properties::CanonicalCombiningClassMapBorrowed::new().get_u8(c) != 0
}

/// Returns `true` for invisible letters, such as the Hangul fillers: addresses would look alike.
fn is_invisible(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn ascii_domain(domain: &str) -> Result<String, EmailError> {
    let ascii = Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .map_err(|_| EmailError::Format)?;
    // A mail domain has a dot, and its last label is not a number, which would be an IP address.
    let (_, last) = ascii.rsplit_once('.').ok_or(EmailError::Format)?;
    if last.is_empty() || last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(EmailError::Format);
    }
    Ok(ascii.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        EmailAddress::parse(text).unwrap().key().as_str().to_owned()
    }

    #[test]
    fn one_mailbox_has_one_key() {
        for text in
            ["anna@example.com", " Anna@EXAMPLE.com ", "ANNA@Example.Com", "anna@ｅxample.com"]
        {
            assert_eq!(key(text), "anna@example.com", "{text}");
        }
        assert_eq!(key("zoë@bücher.example"), key("ZOE\u{308}@xn--bcher-kva.example"));
        assert_eq!(key("straße@example.com"), key("STRASSE@example.com"));
    }

    #[test]
    fn lookalike_addresses_have_different_keys() {
        // CVE-2019-19844: upper-casing turned a dotless i into the victim's address.
        assert_ne!(key("m\u{131}ke@example.com"), key("mike@example.com"));
        assert_ne!(key("mike@g\u{131}thub.example"), key("mike@github.example"));
        assert_ne!(key("anna+a@example.com"), key("anna@example.com"));
        assert_ne!(key("a.nna@example.com"), key("anna@example.com"));
    }

    #[test]
    fn normalization_is_idempotent() {
        for text in ["Zoë@Bücher.example", "İ@example.com", "ǅ@example.com", "ﬃ@example.com"]
        {
            let once = key(text);
            assert_eq!(key(&once), once);
        }
    }

    #[test]
    fn the_stored_address_keeps_the_typed_local_part() {
        let address = EmailAddress::parse(" Anna.B@BÜCHER.example").unwrap();
        assert_eq!(address.as_str(), "Anna.B@xn--bcher-kva.example");
        assert_eq!(address.local_part(), "Anna.B");
    }

    #[test]
    fn ambiguous_addresses_are_refused() {
        for text in [
            "anna",
            "@example.com",
            "anna@",
            "anna@@example.com",
            "a@b@example.com",
            "\"e@evil.example\"@example.com",
            "anna(comment)@example.com",
            "<anna@example.com>",
            "anna@example.com,eve@evil.example",
            "anna@[127.0.0.1]",
            "anna@127.0.0.1",
            "anna@localhost",
            ".anna@example.com",
            "anna.@example.com",
            "an..na@example.com",
            "an na@example.com",
            "anna@exam ple.com",
            "anna@-example.com",
            "anna@example..com",
            "an\0na@example.com",
            "anna@example.com\r\nRCPT TO:<eve@evil.example>",
            "an\r\nna@example.com",
            "anna@exam_ple.com",
            "an\u{202e}na@example.com",
            "an\u{200b}na@example.com",
            "anna\u{3164}@example.com",
            "anna\u{115f}@example.com",
            "anna\u{ffa0}@example.com",
            "anna@example.com.",
        ] {
            assert_eq!(EmailAddress::parse(text), Err(EmailError::Format), "{text:?}");
        }
        assert_eq!(EmailAddress::parse("  "), Err(EmailError::Empty));
    }

    #[test]
    fn length_is_bounded() {
        let domain = "example.com";
        assert!(EmailAddress::parse(&format!("{}@{domain}", "a".repeat(64))).is_ok());
        assert_eq!(
            EmailAddress::parse(&format!("{}@{domain}", "a".repeat(65))),
            Err(EmailError::TooLong)
        );
        assert_eq!(
            EmailAddress::parse(&format!("a@{}.com", "b.".repeat(130))),
            Err(EmailError::TooLong)
        );
    }
}
