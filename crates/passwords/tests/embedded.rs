//! Tests of the embedded filter: its content, its false positive rate, and its reproducibility.

#[path = "../examples/build_filter/families.rs"]
mod families;

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use vestibule_passwords::{CommonPasswordFilter, build_filter};

const LIST: &str = include_str!("../data/common-passwords.txt");
const README: &str = include_str!("../data/README.md");
const COMMITTED: &[u8] = include_bytes!("../data/common.filter");
static FILTER: CommonPasswordFilter = CommonPasswordFilter::embedded();

/// A generator of random texts with a fixed seed.
struct Texts(u64);

impl Texts {
    /// Returns the next number of `SplitMix64`.
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() >> 33).map_or(0, |number| number % end)
    }

    fn next(&mut self, length: usize) -> String {
        const KEYS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(KEYS[self.below(KEYS.len())])).collect()
    }
}

#[test]
fn the_committed_filter_equals_the_generated_one() {
    let families = families::all(LIST);
    let words = families.iter().flat_map(|(_, words)| words).map(String::as_str);
    let (count, bytes) = build_filter(words);
    assert!(bytes == COMMITTED, "run `cargo run -p vestibule-passwords --example build_filter`");
    let expected = format!("{count} entries in {} bytes", bytes.len());
    assert!(README.contains(&expected), "data/README.md should contain `{expected}`");
    for (name, words) in &families {
        let expected = format!("| {name} | {} |", words.len());
        assert!(README.contains(&expected), "data/README.md should contain `{expected}`");
    }
    assert!(bytes.len() <= 2 * 1024 * 1024);
}

#[test]
fn the_filter_does_not_depend_on_order_and_duplicates() {
    let once = build_filter(["first word", "second word"]);
    assert_eq!(build_filter(["Second Word", "first word", "second word", "short"]), once);
}

#[test]
fn every_listed_password_of_eight_characters_is_found() {
    let long: Vec<&str> = LIST.lines().filter(|word| word.chars().count() >= 8).collect();
    let longer = |min: usize| long.iter().filter(|word| word.chars().count() >= min).count();
    let expected = format!(
        "{} have 8 characters or more, {} have 12 or more and {} have 15 or more",
        long.len(),
        longer(12),
        longer(15)
    );
    assert!(README.contains(&expected), "data/README.md should contain `{expected}`");
    // The list is in lower case and NFC, as `contains` requires.
    assert!(long.iter().all(|word| FILTER.contains(word)));
}

#[test]
fn thousands_of_words_with_the_length_of_common_policies_are_found() {
    let families = families::all(LIST);
    for length in [12, 15] {
        let words: BTreeSet<&str> = families
            .iter()
            .flat_map(|(_, words)| words)
            .map(String::as_str)
            .filter(|word| word.chars().count() >= length && word.is_ascii())
            .collect();
        assert!(words.len() >= 3000, "{length}: {}", words.len());
        assert!(words.iter().all(|word| FILTER.contains(word)), "{length}");
    }
}

#[test]
fn variations_of_common_passwords_are_found() {
    for word in [
        "passwordpassword",
        "password1234",
        "password2024",
        "iloveyou1987",
        "123456789012",
        "aaaaaaaaaaaa",
        "            ",
        "qwertyuiopasdfghjkl",
        "1qaz2wsx3edc4rfv",
        "lkjhgfdsapoiuytrewq",
        "112233445566",
        "111222333444",
        "010203040506",
        "qwertypassword",
        "123412341234",
        "abcabcabcabc",
        "correcthorsebatterystaple",
        "correct horse battery staple",
        "qwertzuiopasdfghjkl",
        "йцукенгшщзхъ",
    ] {
        assert!(FILTER.contains(word), "{word}");
    }
}

#[test]
fn other_passwords_are_not_found() {
    for word in [
        "",
        "vestibule of an old house",
        "correct horse battery stapler",
        "tr0ub4dor&3xyz",
        "kettle-orbit-madam-forty",
        "mein hund heißt niemals rex",
    ] {
        assert!(!FILTER.contains(word), "{word}");
    }
}

#[test]
fn at_most_one_of_ten_thousand_random_texts_is_a_false_positive() {
    const TRIED: u32 = 1_200_000;
    let mut texts = Texts(7);
    let wrong = (0..TRIED).filter(|number| {
        let length = 12 + usize::try_from(number % 13).unwrap();
        FILTER.contains(&texts.next(length))
    });
    let wrong = u32::try_from(wrong.count()).unwrap();
    assert!(wrong <= TRIED / 10_000, "{wrong} of {TRIED}");
    let expected = format!("{wrong} of {TRIED} random texts");
    assert!(README.contains(&expected), "data/README.md should contain `{expected}`");
}

#[test]
fn the_operators_list_is_added_to_the_embedded_filter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("words.txt");
    std::fs::write(&path, "Vestibule of an old House\n").unwrap();
    let filter = CommonPasswordFilter::with_file(&path).unwrap();
    assert!(filter.contains("vestibule of an old house"));
    assert!(filter.contains("passwordpassword"));
    assert!(!filter.contains("kettle-orbit-madam-forty"));
    assert!(CommonPasswordFilter::with_file(Path::new("no/such/list.txt")).is_err());
}

proptest! {
    #[test]
    fn contains_does_not_panic_on_any_text(text in any::<String>()) {
        let _ = FILTER.contains(&text);
    }

    #[test]
    fn reading_does_not_panic_on_any_file(
        content in proptest::collection::vec(any::<u8>(), 0..5000),
    ) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &content).unwrap();
        if let Ok(filter) = CommonPasswordFilter::with_file(file.path()) {
            prop_assert!(filter.contains("passwordpassword"));
        }
    }

    #[test]
    fn every_possible_word_of_a_file_is_found(
        words in proptest::collection::vec("[ -~à-ö]{8,40}", 1..50),
    ) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), words.join("\n")).unwrap();
        let filter = CommonPasswordFilter::with_file(file.path()).unwrap();
        for word in &words {
            prop_assert!(filter.contains(&word.to_lowercase()), "{word}");
        }
    }
}
