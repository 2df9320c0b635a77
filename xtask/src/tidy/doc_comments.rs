//! Checks that documentation comments of Rust files start with a noun phrase or a verb.

use crate::finding::Finding;
use crate::tree::File;

/// Words that a documentation comment does not start with.
const QUESTION_WORDS: [&str; 10] =
    ["What", "How", "Whether", "When", "Where", "Who", "Why", "Which", "Whose", "Both"];

/// Checks a file; only Rust files have findings.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    if !file.has_extension("rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut is_continued = false;
    for (number, line) in (1..).zip(file.text.lines()) {
        let text = item_documentation(line).or_else(|| module_documentation(line));
        let word = text.filter(|_| !is_continued).and_then(first_word);
        if let Some(word) = word.filter(|word| QUESTION_WORDS.contains(word)) {
            findings.push(Finding::new(
                &file.path,
                number,
                format!("the documentation starts with `{word}`"),
                "start with a noun phrase or a verb: \"Time of creation.\", \"Returns …\", \
                 \"`true` if …\"",
            ));
        }
        is_continued = text.is_some();
    }
    findings
}

fn item_documentation(line: &str) -> Option<&str> {
    // Four slashes are an ordinary comment.
    line.trim_start().strip_prefix("///").filter(|text| !text.starts_with('/'))
}

fn module_documentation(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("//!")
}

fn first_word(text: &str) -> Option<&str> {
    text.trim_start().split(|letter: char| !letter.is_alphanumeric()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        check(&File::new("a.rs", text)).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn question_words_at_the_start_are_found() {
        for word in QUESTION_WORDS {
            let findings =
                found(&format!("//! A module.\n\n    /// {word}, that is.\n    fn f() {{}}\n"));
            assert_eq!(findings.len(), 1, "{word}");
            let place = format!("a.rs:3: error: the documentation starts with `{word}`");
            assert!(findings[0].starts_with(&place), "{findings:?}");
        }
        assert_eq!(found("//! How it works.\n").len(), 1);
    }

    #[test]
    fn later_lines_and_other_comments_pass() {
        assert!(found("/// Returns the time\n/// When it ends.\nfn f() {}\n").is_empty());
        assert!(found("/// A time.\n///\n/// # Errors\n///\n/// When it fails.\n").is_empty());
        assert!(found("// What this is for.\n//// What else.\n").is_empty());
        assert!(found("/// Whatever, Howard and Bothy.\nfn f() {}\n").is_empty());
        assert!(check(&File::new("a.md", "/// What")).is_empty());
    }

    #[test]
    fn every_comment_has_its_own_first_line() {
        let text = "/// A field.\na: u8,\n/// What else.\nb: u8,\n/// Which.\nc: u8,\n";
        assert_eq!(found(text).len(), 2);
    }
}
