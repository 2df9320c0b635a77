//! Encodings in which a secret could appear in output.

use std::fmt::Write as _;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// base64url without padding (RFC 4648, section 5).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    base64(bytes, URL_SAFE)
}

fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for position in 0..=chunk.len() {
            let index = (group >> (18 - 6 * position)) & 63;
            text.push(char::from(alphabet[index as usize]));
        }
    }
    text
}

/// Decodes what [`base64url`] writes.
pub(crate) fn from_base64url(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut group, mut bits) = (0_u32, 0);
    for character in text.bytes() {
        let value = URL_SAFE.iter().position(|known| *known == character).expect("base64url");
        group = group << 6 | u32::try_from(value).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(group >> bits & 0xff).unwrap());
        }
    }
    bytes
}

/// Every way to write these bytes that a search should look for.
pub(crate) fn forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let each = |separator: &str, write: &dyn Fn(u8) -> String| {
        bytes.iter().map(|byte| write(*byte)).collect::<Vec<_>>().join(separator)
    };
    let percent = |kept: &'static str, blank: &'static str, byte: u8| match char::from(byte) {
        ' ' => blank.to_owned(),
        c if c.is_ascii_alphanumeric() || kept.contains(c) => c.to_string(),
        _ => format!("%{byte:02X}"),
    };
    let mut forms = vec![
        each("", &|byte| format!("{byte:02x}")),
        each("", &|byte| format!("{byte:02X}")),
        each("", &|byte| percent("-._~", "%20", byte)),
        each("", &|byte| percent("-._~", "%20", byte)).to_lowercase(),
        each("", &|byte| percent("-._*", "+", byte)),
        // As Rust prints a list of bytes, and as JSON writes one.
        each(", ", &|byte| byte.to_string()),
        each(",", &|byte| byte.to_string()),
    ];
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend((0..3).map(|offset| inner_base64(bytes, offset, alphabet)));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        forms.push(unquoted(&serde_json::Value::from(text).to_string()));
        forms.push(unquoted(&format!("{text:?}")));
        forms.push(ascii_json(text));
    }
    let mut forms: Vec<Vec<u8>> = forms.into_iter().map(String::into_bytes).collect();
    forms.push(bytes.to_vec());
    forms.sort();
    forms.dedup();
    forms
}

/// Returns the base64 characters that depend on these bytes only, if they start `offset` bytes into
/// a group of three.
fn inner_base64(bytes: &[u8], offset: usize, alphabet: &[u8; 64]) -> String {
    let padded = [&[0; 3][..offset], bytes].concat();
    let text = base64(&padded, alphabet);
    let from = (offset * 8).div_ceil(6);
    text[from..padded.len() * 8 / 6].to_owned()
}

fn unquoted(text: &str) -> String {
    text[1..text.len() - 1].to_owned()
}

/// JSON with everything escaped that is not ASCII.
fn ascii_json(text: &str) -> String {
    let mut escaped = String::new();
    for unit in unquoted(&serde_json::Value::from(text).to_string()).encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => escaped.push(char::from(byte)),
            _ => drop(write!(escaped, "\\u{unit:04x}")),
        }
    }
    escaped
}

#[test]
fn what_is_written_can_be_read() {
    for (bytes, text) in
        [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("f\u{ff}~", "ZsO_fg")]
    {
        assert_eq!(base64url(bytes.as_bytes()), text);
        assert_eq!(from_base64url(text), bytes.as_bytes());
    }
}

#[test]
fn base64_is_found_wherever_it_begins() {
    let forms = forms(b"the secret");
    for before in ["", "a", "ab", "abc"] {
        let whole = base64(format!("{before}the secret and more").as_bytes(), STANDARD);
        assert!(forms.iter().any(|form| {
            !form.is_empty() && whole.contains(std::str::from_utf8(form).unwrap())
        }));
    }
}
