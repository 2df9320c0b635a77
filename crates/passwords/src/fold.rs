//! Normalization of words for comparison: NFC, case-folded.

use std::borrow::Cow;

use icu_casemap::CaseMapperBorrowed;
use icu_normalizer::ComposingNormalizerBorrowed;

/// Minimum length of a word: no policy allows a shorter password.
const MIN_CODE_POINTS: usize = 8;
/// Maximum length of a password after NFC.
pub(crate) const MAX_BYTES: usize = vestibule_domain::model::password::MAX_PASSWORD_BYTES;

/// Returns the folded form of a word, or `None` if its length rules it out as a password.
pub(crate) fn fold_word(word: &str) -> Option<Cow<'_, str>> {
    if word.len() > MAX_BYTES {
        return None;
    }
    let folded = if word.is_ascii() { fold_ascii(word) } else { Cow::Owned(fold(word)) };
    let is_possible =
        folded.len() <= MAX_BYTES && folded.chars().nth(MIN_CODE_POINTS - 1).is_some();
    is_possible.then_some(folded)
}

fn fold_ascii(word: &str) -> Cow<'_, str> {
    if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(word.to_ascii_lowercase())
    } else {
        Cow::Borrowed(word)
    }
}

/// Folds a word; folding can decompose characters, so the result is composed again.
fn fold(word: &str) -> String {
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    let folded = CaseMapperBorrowed::new().fold_string(&nfc.normalize(word)).into_owned();
    nfc.normalize(&folded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_composed_and_folded() {
        assert_eq!(fold_word("PassWord").unwrap(), "password");
        assert_eq!(fold_word("E\u{301}lephant").unwrap(), "\u{e9}lephant");
        assert_eq!(fold_word("STRASSENBAHN"), fold_word("Straßenbahn"));
        assert_eq!(fold_word("ΟΔΥΣΣΕΥΣ"), fold_word("οδυσσευς"));
        // Folding decomposes this letter.
        assert_eq!(fold_word("\u{390}greek12").unwrap(), "\u{390}greek12");
        // Folding turns the iota subscript into a letter, which must not get the accent.
        assert_eq!(fold_word("\u{3b1}\u{345}\u{301}greek12").unwrap(), "\u{3ac}\u{3b9}greek12");
    }

    #[test]
    fn words_that_cannot_be_a_password_are_skipped() {
        assert_eq!(fold_word("seven77"), None);
        assert!(fold_word("eight888").is_some());
        assert_eq!(fold_word("e\u{301}seven7"), None);
        assert!(fold_word(&"x".repeat(1024)).is_some());
        assert_eq!(fold_word(&"x".repeat(1025)), None);
    }
}
