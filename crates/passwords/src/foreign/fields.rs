//! The fields that notations are made of: numbers, salts and hashes, and how they are encoded.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 with or without padding: Django pads, the others do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Below this, a wrong password would match by chance; the PHC format draws the line here too.
const MIN_OUTPUT_BYTES: usize = 10;
/// Twice what the longest usual hash has.
const MAX_OUTPUT_BYTES: usize = 128;

/// What is wrong with a hash whose scheme is known; each says what of it, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The scheme's notation is another.
    Malformed(&'static str),
    /// It asks for too much work.
    TooExpensive(&'static str),
    /// It is well-formed and protects nothing.
    Worthless(&'static str),
}

/// The `N` fields of a text between dollars.
pub(super) fn split<const N: usize>(text: &str) -> Result<[&str; N], Fault> {
    let fields: Vec<&str> = text.split('$').collect();
    fields.try_into().map_err(|_| Fault::Malformed("it has too few or too many fields"))
}

/// A decimal number as every library writes it: digits only, no zero in front.
pub(super) fn number(text: &str) -> Result<u32, Fault> {
    const NO_NUMBER: Fault = Fault::Malformed("one of its costs is missing or not a number");
    let is_decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_decimal || (text.starts_with('0') && text != "0") {
        return Err(NO_NUMBER);
    }
    // Digits that are no `u32` are too many of them.
    text.parse().map_err(|_| Fault::TooExpensive("one of its costs is beyond all bounds"))
}

/// Numbers by name, as in `m=64,t=2,p=1`, in this order.
pub(super) fn named_numbers<const N: usize>(
    text: &str,
    names: [&str; N],
) -> Result<[u32; N], Fault> {
    const MISNAMED: Fault = Fault::Malformed("its costs are not those of the scheme");
    let mut numbers = [0; N];
    let mut given = text.split(',');
    for (place, name) in numbers.iter_mut().zip(names) {
        let (found, value) = given.next().and_then(|one| one.split_once('=')).ok_or(MISNAMED)?;
        if found != name {
            return Err(MISNAMED);
        }
        *place = number(value)?;
    }
    if given.next().is_some() { Err(MISNAMED) } else { Ok(numbers) }
}

/// A salt that is used as the text it is.
///
/// No library draws a control character, and PostgreSQL does not keep every one.
pub(super) fn text_salt(text: &str) -> Result<Vec<u8>, Fault> {
    if text.contains(char::is_control) {
        return Err(Fault::Malformed("its salt has a control character"));
    }
    not_empty(text.as_bytes().to_vec())
}

/// A salt in Base64.
pub(super) fn base64_salt(text: &str) -> Result<Vec<u8>, Fault> {
    not_empty(decode_base64(text).ok_or(Fault::Malformed("its salt is not Base64"))?)
}

fn not_empty(salt: Vec<u8>) -> Result<Vec<u8>, Fault> {
    if salt.is_empty() { Err(Fault::Worthless("it has no salt")) } else { Ok(salt) }
}

/// A hash in Base64.
pub(super) fn base64_output(text: &str) -> Result<Vec<u8>, Fault> {
    usual_length(decode_base64(text).ok_or(Fault::Malformed("the hash itself is not Base64"))?)
}

/// A hash in hexadecimal digits.
pub(super) fn hexadecimal_output(text: &str) -> Result<Vec<u8>, Fault> {
    const NOT_HEXADECIMAL: Fault = Fault::Malformed("the hash itself is not hexadecimal");
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NOT_HEXADECIMAL);
    }
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| byte(*high, *low)).collect();
    usual_length(bytes.ok_or(NOT_HEXADECIMAL)?)
}

fn usual_length(output: Vec<u8>) -> Result<Vec<u8>, Fault> {
    match output.len() {
        0..MIN_OUTPUT_BYTES => Err(Fault::Worthless("its hash is missing or far too short")),
        MIN_OUTPUT_BYTES..=MAX_OUTPUT_BYTES => Ok(output),
        _ => Err(Fault::Malformed("its hash is longer than any")),
    }
}

/// passlib writes a dot for the plus sign.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace('.', "+")).ok()
}

fn byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Whether there is something, and nothing but hexadecimal digits.
pub(super) fn is_hexadecimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
