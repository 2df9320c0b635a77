//! Relative links in the documents lead somewhere.
//!
//! Links into the web are not followed: a check must not depend on somebody else's server.

use std::path::Path;

use crate::finding::Finding;
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
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    relative_links(&file.text)
        .into_iter()
        .filter(|(_, target)| !root.join(folder).join(target).exists())
        .map(|(line, target)| {
            Finding::failure(
                &file.path,
                line,
                format!("the link to `{target}` leads nowhere"),
                "correct it, or write what it leads to",
            )
        })
        .collect()
}

/// The line and the file of every relative link, code left out.
fn relative_links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            let prose = without_code_spans(line);
            links.extend(targets(&prose).filter_map(file_of).map(|target| (number, target)));
        }
    }
    links
}

fn without_code_spans(line: &str) -> String {
    // Between backticks is every second part; an unpaired backtick is an ordinary character.
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return line.to_owned();
    }
    parts.into_iter().step_by(2).collect::<Vec<_>>().join("")
}

/// What stands in `](..)`, and after `[name]:` at the beginning of a line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let definition = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]:"))
        .map(|(_, target)| target.trim());
    inline.chain(definition)
}

/// The file a target names: no title, no anchor; nothing if it is not relative.
fn file_of(target: &str) -> Option<String> {
    let target = target.split_whitespace().next()?;
    let target = target.trim_start_matches('<').trim_end_matches('>');
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    let file = target.split('#').next().unwrap_or_default();
    (!elsewhere && !file.is_empty()).then(|| file.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_are_read() {
        let text = "See [a](docs/a.md), [b](b.md#part \"title\") and [c](https://c.example/).\n\
                    [d]: ../d.md\n[same](#part)\n";
        assert_eq!(
            relative_links(text),
            [(1, "docs/a.md".to_owned()), (1, "b.md".to_owned()), (2, "../d.md".to_owned()),]
        );
    }

    #[test]
    fn code_has_no_links() {
        let text = "`[a](a.md)` and [b](b.md)\n```\n[c](c.md)\n```\n[`d`](d.md)\n";
        assert_eq!(relative_links(text), [(1, "b.md".to_owned()), (5, "d.md".to_owned())]);
    }

    #[test]
    fn a_dead_link_is_found() {
        let root = crate::tree::root();
        let file = |text: &str| File { path: "README.md".to_owned(), text: text.to_owned() };
        assert_eq!(check(&root, &file("[x](xtask/Cargo.toml)")).len(), 0);
        assert_eq!(check(&root, &file("[x](no/such.md)")).len(), 1);
    }
}
