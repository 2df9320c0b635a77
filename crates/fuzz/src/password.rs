//! Target `password`: passwords are normalized, and the minimum length is a threshold in code
//! points.

use vestibule_domain::model::password::{
    MAX_PASSWORD_BYTES, MAX_PASSWORD_CODE_POINTS, Password, PasswordError,
};

/// Parses the input as a password.
///
/// # Panics
/// Panics if normalization is not idempotent, or if the length rule is not a threshold.
pub(crate) fn password(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let password = match Password::parse(&text) {
        Ok(password) => password,
        Err(PasswordError::Empty) => return assert!(text.is_empty()),
        Err(PasswordError::TooLong) => {
            // Composition can shorten a text, so only its length before composition is known.
            return assert!(text.len() > MAX_PASSWORD_CODE_POINTS);
        }
        Err(other) => panic!("{other}"),
    };
    let bytes = password.expose();
    let composed = std::str::from_utf8(bytes).unwrap();
    assert!(!bytes.is_empty() && bytes.len() <= MAX_PASSWORD_BYTES);
    assert!(Password::parse(composed).unwrap() == password, "{composed:?}");
    if text.is_ascii() {
        assert_eq!(composed, text);
    }
    let length = composed.chars().count();
    assert!(length <= MAX_PASSWORD_CODE_POINTS);
    for min in [0, 1, 8, 12, length.saturating_sub(1), length, length + 1, 256] {
        let chosen = Password::choose(&text, min);
        if min <= length {
            assert!(chosen.unwrap() == password, "{composed:?} with {min}");
        } else {
            assert_eq!(chosen, Err(PasswordError::TooShort { min }), "{composed:?}");
        }
    }
}
