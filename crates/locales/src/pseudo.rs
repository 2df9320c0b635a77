//! Pseudo-localization, to find texts that are not from a catalogue.

use std::borrow::Cow;

/// Accented letters in the order of the alphabet.
const SMALL: [char; 26] = [
    'å', 'ƀ', 'ç', 'ð', 'é', 'ƒ', 'ĝ', 'ĥ', 'î', 'ĵ', 'ķ', 'ļ', 'ɱ', 'ñ', 'ö', 'þ', 'ɋ', 'ŕ', 'š',
    'ţ', 'û', 'ṽ', 'ŵ', 'ẋ', 'ý', 'ž',
];
const LARGE: [char; 26] = [
    'Å', 'Ɓ', 'Ç', 'Ð', 'É', 'Ƒ', 'Ĝ', 'Ĥ', 'Î', 'Ĵ', 'Ķ', 'Ļ', 'Ṁ', 'Ñ', 'Ö', 'Þ', 'Ɋ', 'Ŕ', 'Š',
    'Ţ', 'Û', 'Ṽ', 'Ŵ', 'Ẋ', 'Ý', 'Ž',
];

/// Replaces the letters of a text with accented ones, so that it is still readable.
pub(crate) fn accented(text: &str) -> Cow<'_, str> {
    text.chars()
        .map(|c| match c {
            'a'..='z' => SMALL[usize::from(c as u8 - b'a')],
            'A'..='Z' => LARGE[usize::from(c as u8 - b'A')],
            _ => c,
        })
        .collect::<String>()
        .into()
}

/// Puts a text in brackets and extends it by 40 %, because many languages are that much longer than
/// English.
pub(crate) fn bracketed(text: &str) -> String {
    let padding = (text.chars().count() * 2).div_ceil(5);
    format!("[{text}{}]", "~".repeat(padding))
}
