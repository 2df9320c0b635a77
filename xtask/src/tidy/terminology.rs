//! Checks that files use the terms of docs/terminology.md.

use crate::finding::Finding;
use crate::tree::File;

/// Words that are not used, each with the terms to use instead.
const WORDS: [(&str, &str); 12] = [
    ("relay", "SMTP server or SMTP settings"),
    ("relays", "SMTP servers"),
    ("nobody", NAME_THE_ROLE),
    ("somebody", NAME_THE_ROLE),
    ("anybody", NAME_THE_ROLE),
    ("everybody", NAME_THE_ROLE),
    ("whoever", NAME_THE_ROLE),
    ("user name", "username"),
    ("letterhead", "branding"),
    ("census", "stats"),
    ("doer", "actor"),
    ("earnest", "run mode or dry run"),
];

const NAME_THE_ROLE: &str = "the role: user, client, operator, attacker; or \"no one\"";

/// Extensions of the files that are checked.
const EXTENSIONS: [&str; 3] = ["rs", "md", "ftl"];

/// Files and folders that are not checked: they list the words, or must not change.
const SKIPPED: [&str; 4] =
    ["docs/terminology.md", "docs/decisions/", "CHANGELOG.md", "xtask/src/tidy/terminology.rs"];

/// Catalogues in other languages, in which only the first two words are checked.
const TRANSLATIONS: [&str; 2] = ["/de/", "/ar/"];

/// Allowed uses as pairs of a path and a word, such as names of other programs.
const EXCEPTIONS: [(&str, &str); 1] = [
    // The account of the operating system.
    ("xtask/src/prerequisites/system_user.rs", "nobody"),
];

/// Checks a file; only Rust, Markdown and Fluent files have findings.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    let is_checked = EXTENSIONS.iter().any(|extension| file.has_extension(extension));
    if !is_checked || SKIPPED.iter().any(|skipped| file.path.starts_with(skipped)) {
        return Vec::new();
    }
    let is_translation =
        file.has_extension("ftl") && TRANSLATIONS.iter().any(|folder| file.path.contains(folder));
    let words = if is_translation { &WORDS[..2] } else { &WORDS[..] };
    let words = words.iter().filter(|(word, _)| !EXCEPTIONS.contains(&(&file.path, word)));
    let words: Vec<_> = words.collect();
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let line = line.to_lowercase();
        for (word, instead) in &words {
            if contains_word(&line, word) {
                findings.push(Finding::new(
                    &file.path,
                    number,
                    format!("the word `{word}` is not used"),
                    format!("use {instead} (docs/terminology.md)"),
                ));
            }
        }
    }
    findings
}

/// Returns `true` if a line contains a whole word. An underscore is part of a word.
fn contains_word(line: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&File::new(path, text)).len()
    }

    #[test]
    fn words_are_found_in_any_case() {
        for (word, instead) in WORDS {
            let findings = check(&File::new("a.md", &format!("first\n{}.\n", word.to_uppercase())));
            assert_eq!(findings.len(), 1, "{word}");
            let text = findings[0].to_string();
            assert!(text.starts_with("a.md:2: error: "), "{text}");
            assert!(text.contains(word) && text.contains(instead), "{text}");
        }
    }

    #[test]
    fn only_whole_words_are_found() {
        assert_eq!(found("a.rs", "`relay_unencrypted`, relayed, a username, doers"), 0);
        assert_eq!(found("a.rs", "fn nobody_is_told() {}"), 0);
        assert_eq!(found("a.rs", "relay-host and somebody's"), 2);
    }

    #[test]
    fn lists_of_the_words_and_other_files_are_skipped() {
        for path in SKIPPED {
            let path = if path.ends_with('/') { format!("{path}0001.md") } else { path.to_owned() };
            assert_eq!(found(&path, "relay"), 0, "{path}");
        }
        assert_eq!(found("a.mjs", "relay"), 0);
        assert_eq!(found("a.ftl", "relay"), 1);
    }

    #[test]
    fn translations_are_checked_for_one_word() {
        assert_eq!(found("locales/catalogues/de/mails.ftl", "Relay: ein earnest Census"), 1);
        assert_eq!(found("locales/catalogues/en/mails.ftl", "Relay: an earnest census"), 3);
    }

    #[test]
    fn exceptions_apply_to_one_word_of_one_file() {
        for (path, word) in EXCEPTIONS {
            assert_eq!(found(path, word), 0, "{path}");
            assert_eq!(found("a.rs", word), 1, "{word}");
        }
    }
}
