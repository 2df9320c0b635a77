//! Rules for every text file: no trailing blanks, and no path that exists on one machine only.

use crate::finding::Finding;
use crate::tree::File;

/// Files that are a protocol's bytes, where a trailing blank can mean something.
const VERBATIM: [&str; 2] = ["eml", "snap"];

/// Folders of a machine, not of the project. Split, so that this file passes its own rule.
const MACHINE: [&str; 3] = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];

/// Checks one file.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let verbatim = VERBATIM.iter().any(|kind| file.has_extension(kind));
    for (line, text) in (1..).zip(file.text.split('\n')) {
        if !verbatim && text.ends_with(char::is_whitespace) {
            findings.push(Finding::failure(
                &file.path,
                line,
                "the line ends with a blank",
                "remove it",
            ));
        }
        for folder in MACHINE {
            if names_a_path(text, folder) {
                findings.push(Finding::failure(
                    &file.path,
                    line,
                    format!("a path below `{folder}` exists on one machine only"),
                    "write it relative to the repository",
                ));
            }
        }
    }
    findings
}

/// Whether the folder stands at the beginning of a path, not inside a longer one.
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
    fn trailing_blanks_are_found() {
        assert_eq!(found("a.md", "good\n"), 0);
        assert_eq!(found("a.md", "two blanks  \ntab\t\nreturn\r\n"), 3);
        assert_eq!(found("a.eml", "return\r\n"), 0);
    }

    #[test]
    fn machine_paths_are_found() {
        for folder in MACHINE {
            assert_eq!(found("a.md", &format!("see `{folder}notes`")), 1);
            assert_eq!(found("a.md", &format!("https://a.example{folder}notes")), 0);
        }
    }
}
