//! Target `email`: an address has one canonical form and one key.

use vestibule_domain::model::email::{EmailAddress, EmailError, MAX_EMAIL_BYTES};

use crate::input::Input;

/// Parses two texts, one per line, as addresses.
///
/// # Panics
/// Panics if a parsed address is not in canonical form, or if keys are equal for different ASCII
/// addresses or differ for equal ones, ignoring case.
pub(crate) fn email(data: &[u8]) {
    let mut input = Input::new(data);
    let texts = [input.line(), input.line()];
    let parsed = texts.each_ref().map(|text| EmailAddress::parse(text).ok());
    for (text, address) in texts.iter().zip(&parsed) {
        if let Some(address) = address {
            assert_canonical(text, address);
        }
    }
    if let [Some(one), Some(other)] = &parsed
        && texts.iter().all(|text| text.is_ascii())
    {
        let same = one.as_str().eq_ignore_ascii_case(other.as_str());
        assert_eq!(one.key() == other.key(), same, "{texts:?}");
    }
}

fn assert_canonical(text: &str, address: &EmailAddress) {
    let written = address.as_str();
    assert!(written.len() <= MAX_EMAIL_BYTES, "{text:?}");
    assert_eq!(written.matches('@').count(), 1, "{text:?}");
    let is_mark = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c);
    assert!(!written.contains(is_mark), "{text:?}");
    assert_eq!(EmailAddress::parse(written).as_ref(), Ok(address), "{text:?}");

    let key = address.key();
    if text.is_ascii() {
        assert_eq!(key.as_str(), text.trim().to_ascii_lowercase());
    }
    match EmailAddress::parse(key.as_str()) {
        Ok(again) => assert_eq!(again.key(), key, "{text:?}"),
        // Case folding can exceed the maximum length. Mail is never sent to a key.
        Err(error) => assert_eq!(error, EmailError::TooLong, "{text:?}"),
    }
}
