//! Parsers for the fields of a password hash: numbers, salts and outputs.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 with or without padding: only Django uses padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Minimum length of an output, so that wrong passwords do not match by chance; also the minimum of
/// the PHC format.
const MIN_OUTPUT_BYTES: usize = 10;
/// Maximum length of an output, twice that of the longest common hash.
const MAX_OUTPUT_BYTES: usize = 128;

/// A hash of a known scheme that cannot be used, with a description of the problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InvalidHash {
    /// It does not follow the notation of the scheme.
    Malformed(&'static str),
    /// Its verification would be too expensive.
    TooExpensive(&'static str),
    /// It is well-formed but does not protect the password.
    Insecure(&'static str),
}

/// Splits a text at `$` into exactly `N` fields.
pub(super) fn split<const N: usize>(text: &str) -> Result<[&str; N], InvalidHash> {
    let fields: Vec<&str> = text.split('$').collect();
    fields.try_into().map_err(|_| InvalidHash::Malformed("wrong number of fields"))
}

/// Parses a decimal number without sign and leading zeros, as all libraries write it.
pub(super) fn number(text: &str) -> Result<u32, InvalidHash> {
    const NO_NUMBER: InvalidHash =
        InvalidHash::Malformed("a cost parameter is missing or not a number");
    let is_decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_decimal || (text.starts_with('0') && text != "0") {
        return Err(NO_NUMBER);
    }
    // Digits that do not fit a `u32` are a number that is too large.
    text.parse().map_err(|_| InvalidHash::TooExpensive("a cost parameter is too large"))
}

/// Parses named numbers in the order of `names`, such as `m=64,t=2,p=1`.
pub(super) fn named_numbers<const N: usize>(
    text: &str,
    names: [&str; N],
) -> Result<[u32; N], InvalidHash> {
    const MISNAMED: InvalidHash =
        InvalidHash::Malformed("the cost parameters do not match the scheme");
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

/// Parses a salt whose text is used as it is.
///
/// Control characters are rejected: no library generates them, and PostgreSQL cannot store the zero
/// byte.
pub(super) fn text_salt(text: &str) -> Result<Vec<u8>, InvalidHash> {
    if text.contains(char::is_control) {
        return Err(InvalidHash::Malformed("the salt contains a control character"));
    }
    not_empty(text.as_bytes().to_vec())
}

/// Decodes a salt in Base64.
pub(super) fn base64_salt(text: &str) -> Result<Vec<u8>, InvalidHash> {
    not_empty(decode_base64(text).ok_or(InvalidHash::Malformed("the salt is not Base64"))?)
}

fn not_empty(salt: Vec<u8>) -> Result<Vec<u8>, InvalidHash> {
    if salt.is_empty() { Err(InvalidHash::Insecure("no salt")) } else { Ok(salt) }
}

/// Decodes an output in Base64.
pub(super) fn base64_output(text: &str) -> Result<Vec<u8>, InvalidHash> {
    check_length(decode_base64(text).ok_or(InvalidHash::Malformed("the output is not Base64"))?)
}

/// Decodes an output in hexadecimal digits.
pub(super) fn hexadecimal_output(text: &str) -> Result<Vec<u8>, InvalidHash> {
    const NOT_HEXADECIMAL: InvalidHash = InvalidHash::Malformed("the output is not hexadecimal");
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NOT_HEXADECIMAL);
    }
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| byte(*high, *low)).collect();
    check_length(bytes.ok_or(NOT_HEXADECIMAL)?)
}

fn check_length(output: Vec<u8>) -> Result<Vec<u8>, InvalidHash> {
    match output.len() {
        0..MIN_OUTPUT_BYTES => Err(InvalidHash::Insecure("the output is missing or too short")),
        MIN_OUTPUT_BYTES..=MAX_OUTPUT_BYTES => Ok(output),
        _ => Err(InvalidHash::Malformed("the output is too long")),
    }
}

/// Decodes Base64; passlib writes a dot instead of the plus sign.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace('.', "+")).ok()
}

fn byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Returns `true` if the text is not empty and consists of hexadecimal digits.
pub(super) fn is_hexadecimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
