//! Checks that relative links in documents lead to existing files and headings.
//!
//! External links are not followed: a check must not depend on other servers.

use std::path::Path;

use crate::finding::Finding;
use crate::markdown;
use crate::tree::File;

/// Documents outside `docs/`, besides every `README.md`.
const DOCUMENTS: [&str; 4] =
    ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ".github/pull_request_template.md"];

/// Checks the links of a file; only documents have findings.
pub(crate) fn check(root: &Path, file: &File) -> Vec<Finding> {
    let in_docs = file.path.starts_with("docs/") && file.has_extension("md");
    let is_readme = file.path.rsplit('/').next() == Some("README.md");
    if !in_docs && !is_readme && !DOCUMENTS.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let folder = root.join(Path::new(&file.path).parent().unwrap_or(Path::new("")));
    markdown::links(&file.text)
        .into_iter()
        .filter(|(_, target)| !markdown::is_url(target))
        .filter_map(|(line, target)| {
            let (path, anchor) = markdown::file_and_anchor(&target);
            let full = folder.join(path);
            if !path.is_empty() && !full.exists() {
                return Some(Finding::new(
                    &file.path,
                    line,
                    format!("broken link to `{target}`"),
                    "correct the link, or add the file",
                ));
            }
            let is_found = anchor.is_empty()
                || if path.is_empty() { has(&file.text, anchor) } else { is_in(&full, anchor) };
            (!is_found).then(|| {
                Finding::new(
                    &file.path,
                    line,
                    format!("no such heading: `{target}`"),
                    "correct the part after `#`: lower case, with a hyphen for each space",
                )
            })
        })
        .collect()
}

fn has(text: &str, anchor: &str) -> bool {
    markdown::anchors(text).contains(anchor)
}

/// Returns `true` if a document has the heading. Anchors in other files, such as `a.rs#L7`, pass.
fn is_in(path: &Path, anchor: &str) -> bool {
    let is_document = path.extension().is_some_and(|kind| kind == "md");
    !is_document || std::fs::read_to_string(path).is_ok_and(|text| has(&text, anchor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        let file = File::new("README.md", text);
        check(&crate::tree::root(), &file).len()
    }

    #[test]
    fn a_broken_link_is_found() {
        assert_eq!(found("[x](xtask/Cargo.toml) and [y](https://example.com/no/such)"), 0);
        assert_eq!(found("[x](no/such.md)"), 1);
    }

    #[test]
    fn a_link_to_a_missing_heading_is_found() {
        assert_eq!(
            found("# Here\n[x](docs/style.md#layout), [y](#here), [z](xtask/Cargo.toml#L1)"),
            0
        );
        assert_eq!(found("# Here\n[x](docs/style.md#no-such), [y](#there)"), 2);
    }
}
