//! Every link between the pages of the book leads somewhere.
//!
//! Links into the web are not followed: a check must not depend on somebody else's server.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::html::Page;
use crate::finding::Finding;
use crate::markdown;

/// Follows the links of every page below this folder.
///
/// # Errors
///
/// When something in it cannot be read, or there is no page.
pub(super) fn check(folder: &Path) -> Result<Vec<Finding>> {
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
                pages.insert(name.clone(), Page::read(&text));
            }
            files.insert(name);
        }
    }
    anyhow::ensure!(pages.contains_key("index.html"), "the book has no first page");
    Ok(dead(&files, &pages))
}

fn dead(files: &HashSet<String>, pages: &BTreeMap<String, Page>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, page) in pages {
        for (line, link) in &page.links {
            if markdown::leads_into_the_web(link) {
                continue;
            }
            let (file, anchor) = markdown::file_and_anchor(link);
            let file = if file.is_empty() { path.clone() } else { resolved(path, file) };
            let is_page = |page: &Page| anchor.is_empty() || page.ids.contains(anchor);
            if !files.contains(&file) || !pages.get(&file).is_none_or(is_page) {
                findings.push(Finding::failure(
                    &format!("target/book/html/{path}"),
                    *line,
                    format!("the link to `{link}` leads nowhere"),
                    "correct it in the document of that name below `docs`",
                ));
            }
        }
    }
    findings
}

/// Where a link from this page leads, from the first page.
fn resolved(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(link: &str) -> usize {
        let page = |text: &str| Page::read(text);
        let pages = BTreeMap::from([
            ("index.html".to_owned(), page("<p id=\"top\">")),
            ("guides/a.html".to_owned(), page(&format!("<a id=\"here\" href=\"{link}\">"))),
        ]);
        let mut files: HashSet<String> = pages.keys().cloned().collect();
        files.insert("guides/script.py".to_owned());
        dead(&files, &pages).len()
    }

    #[test]
    fn what_leads_somewhere_is_passed() {
        let links =
            ["../index.html", "../index.html#top", "#here", "./script.py", "https://a.example/b"];
        for link in links {
            assert_eq!(found(link), 0, "{link}");
        }
    }

    #[test]
    fn a_dead_link_is_found() {
        for link in ["../guides.html", "index.html", "../index.html#no-such", "#there", "b.md"] {
            assert_eq!(found(link), 1, "{link}");
        }
    }
}
