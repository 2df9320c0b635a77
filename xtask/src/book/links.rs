//! Checks the links between the pages of the book.
//!
//! External links are not followed: a check must not depend on other servers.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::html::Page;
use crate::finding::Finding;
use crate::{markdown, tree};

/// Checks the links of every page below a folder.
///
/// # Errors
///
/// Fails if a file cannot be read, or if there is no first page.
pub(super) fn check(root: &Path, folder: &Path) -> Result<Vec<Finding>> {
    let mut files = HashSet::new();
    let mut pages = BTreeMap::new();
    let mut folders = vec![String::new()];
    while let Some(within) = folders.pop() {
        for entry in folder.join(&within).read_dir()? {
            let (name, path) = entry.map(|entry| (entry.file_name(), entry.path()))?;
            let name = format!("{within}{}", name.to_string_lossy());
            if path.is_dir() {
                folders.push(format!("{name}/"));
                continue;
            }
            if path.extension().is_some_and(|kind| kind == "html") {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                pages.insert(name.clone(), Page::parse(&text));
            }
            files.insert(name);
        }
    }
    anyhow::ensure!(pages.contains_key("index.html"), "the book has no first page");
    // Relative to the root, unless the target folder is elsewhere.
    Ok(broken(folder.strip_prefix(root).unwrap_or(folder), &files, &pages))
}

fn broken(folder: &Path, files: &HashSet<String>, pages: &BTreeMap<String, Page>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, page) in pages {
        for (line, link) in &page.links {
            if markdown::is_url(link) {
                continue;
            }
            let (file, anchor) = markdown::file_and_anchor(link);
            let file =
                if file.is_empty() { Some(path.clone()) } else { tree::resolved(path, file) };
            let has_anchor = |page: &Page| anchor.is_empty() || page.ids.contains(anchor);
            let exists =
                |file: &String| files.contains(file) && pages.get(file).is_none_or(has_anchor);
            if !file.as_ref().is_some_and(exists) {
                findings.push(Finding::new(
                    &folder.join(path).to_string_lossy(),
                    *line,
                    format!("broken link to `{link}`"),
                    "correct it in the document of the same name below `docs`",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(link: &str) -> Vec<Finding> {
        let page = |text: &str| Page::parse(text);
        let pages = BTreeMap::from([
            ("index.html".to_owned(), page("<p id=\"top\">")),
            ("guides/a.html".to_owned(), page(&format!("<a id=\"here\" href=\"{link}\">"))),
        ]);
        let mut files: HashSet<String> = pages.keys().cloned().collect();
        files.insert("guides/script.py".to_owned());
        broken(Path::new("t/book"), &files, &pages)
    }

    fn found(link: &str) -> usize {
        findings(link).len()
    }

    #[test]
    fn valid_links_pass() {
        let links =
            ["../index.html", "../index.html#top", "#here", "./script.py", "https://a.example/b"];
        for link in links {
            assert_eq!(found(link), 0, "{link}");
        }
    }

    #[test]
    fn a_broken_link_is_found() {
        for link in ["../guides.html", "index.html", "../index.html#no-such", "#there", "b.md"] {
            assert_eq!(found(link), 1, "{link}");
        }
        assert_eq!(found("../../index.html"), 1, "outside the book");
    }

    #[test]
    fn a_finding_names_the_page() {
        assert!(findings("b.md")[0].to_string().starts_with("t/book/guides/a.html:1: error: "));
    }
}
