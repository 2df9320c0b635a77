//! Relative links in the documents lead somewhere, and to a heading that is there.
//!
//! Links into the web are not followed: a check must not depend on somebody else's server.

use std::path::Path;

use crate::finding::Finding;
use crate::markdown;
use crate::tree::File;

/// Documents outside `docs/`, besides every `README.md`.
const DOCUMENTS: [&str; 4] =
    ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ".github/pull_request_template.md"];

/// Checks the links of one document; any other file passes.
pub(crate) fn check(root: &Path, file: &File) -> Vec<Finding> {
    let in_docs = file.path.starts_with("docs/") && file.has_extension("md");
    let is_readme = file.path.rsplit('/').next() == Some("README.md");
    if !in_docs && !is_readme && !DOCUMENTS.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let folder = root.join(Path::new(&file.path).parent().unwrap_or(Path::new("")));
    markdown::links(&file.text)
        .into_iter()
        .filter(|(_, target)| !markdown::leads_into_the_web(target))
        .filter_map(|(line, target)| {
            let (path, anchor) = markdown::file_and_anchor(&target);
            let full = folder.join(path);
            if !path.is_empty() && !full.exists() {
                return Some(Finding::failure(
                    &file.path,
                    line,
                    format!("the link to `{target}` leads nowhere"),
                    "correct it, or write what it leads to",
                ));
            }
            let is_found = anchor.is_empty()
                || if path.is_empty() { has(&file.text, anchor) } else { is_in(&full, anchor) };
            (!is_found).then(|| {
                Finding::failure(
                    &file.path,
                    line,
                    format!("the link to `{target}` names no heading there"),
                    "correct what follows `#`, in lower case with a hyphen for each blank",
                )
            })
        })
        .collect()
}

fn has(text: &str, anchor: &str) -> bool {
    markdown::anchors(text).contains(anchor)
}

/// Whether a document has such a heading. Lines of code, such as `a.rs#L7`, are not counted.
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
    fn a_dead_link_is_found() {
        assert_eq!(found("[x](xtask/Cargo.toml) and [y](https://example.com/no/such)"), 0);
        assert_eq!(found("[x](no/such.md)"), 1);
    }

    #[test]
    fn a_link_to_no_heading_is_found() {
        assert_eq!(
            found("# Here\n[x](docs/style.md#layout), [y](#here), [z](xtask/Cargo.toml#L1)"),
            0
        );
        assert_eq!(found("# Here\n[x](docs/style.md#no-such), [y](#there)"), 2);
    }
}
