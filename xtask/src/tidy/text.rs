//! Checks text files for trailing whitespace and machine-specific paths.

use crate::finding::Finding;
use crate::tree::File;

/// Extensions of files in which trailing whitespace can be significant.
const VERBATIM: [&str; 2] = ["eml", "snap"];

/// Machine-specific folders. Split so that this file passes its own check.
const MACHINE_FOLDERS: [&str; 3] =
    [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];

/// Checks a file.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let verbatim = VERBATIM.iter().any(|kind| file.has_extension(kind));
    for (line, text) in (1..).zip(file.text.split('\n')) {
        if !verbatim && text.ends_with(char::is_whitespace) {
            findings.push(Finding::new(&file.path, line, "trailing whitespace", "remove it"));
        }
        for folder in MACHINE_FOLDERS {
            if names_a_path(text, folder) {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("machine-specific path below `{folder}`"),
                    "write it relative to the repository",
                ));
            }
        }
    }
    findings
}

/// Returns `true` if the folder is at the start of a path, not inside a longer one.
fn names_a_path(text: &str, folder: &str) -> bool {
    text.match_indices(folder).any(|(at, _)| {
        !text[..at].ends_with(|before: char| {
            before.is_alphanumeric() || matches!(before, '.' | '_' | '-' | '}' | ')' | '*' | '~')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&File::new(path, text)).len()
    }

    #[test]
    fn trailing_whitespace_is_found() {
        assert_eq!(found("a.md", "good\n"), 0);
        assert_eq!(found("a.md", "two blanks  \ntab\t\nreturn\r\n"), 3);
        assert_eq!(found("a.eml", "return\r\n"), 0);
    }

    #[test]
    fn machine_specific_paths_are_found() {
        for folder in MACHINE_FOLDERS {
            assert_eq!(found("a.md", &format!("see `{folder}notes`")), 1);
            assert_eq!(found("a.md", &format!("https://a.example{folder}notes")), 0);
        }
    }
}
