//! The source of the book: `docs` as it is, but for the links that leave it.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{markdown, shell, tree};

/// Where the checkout is on the web.
const REPOSITORY: &str = "https://github.com/vestibule/vestibule";
const DOCUMENTS: &str = "docs";

/// Copies the documents, and whatever belongs to the checkout beside them.
///
/// # Errors
///
/// When something cannot be read or written.
pub(super) fn copy(root: &Path, to: &Path) -> Result<()> {
    let commit = shell::ask("git", &["-C", &root.to_string_lossy(), "rev-parse", "HEAD"]);
    let commit = commit.unwrap_or_else(|| "main".to_owned());
    for path in tree::paths(root)? {
        let Ok(within) = Path::new(&path).strip_prefix(DOCUMENTS) else { continue };
        let (from, target) = (root.join(&path), to.join(within));
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("cannot make {}", parent.display()))?;
        }
        if within.extension().is_some_and(|kind| kind == "md") {
            let text = std::fs::read_to_string(&from)
                .with_context(|| format!("cannot read {}", from.display()))?;
            let text = staged(&text, &|target| on_the_web(root, &path, &commit, target));
            std::fs::write(&target, text)
                .with_context(|| format!("cannot write {}", target.display()))?;
        } else {
            std::fs::copy(&from, &target)
                .with_context(|| format!("cannot copy {}", from.display()))?;
        }
    }
    Ok(())
}

/// The text with the links that `moved` has another place for.
fn staged(text: &str, moved: &dyn Fn(&str) -> Option<String>) -> String {
    let mut staged = String::new();
    for (_, line, is_prose) in markdown::lines(text) {
        if is_prose {
            let parts = markdown::spans(line).map(|(part, is_code)| {
                if is_code { part.to_owned() } else { with_links(part, moved) }
            });
            staged += &parts.collect::<Vec<_>>().join("`");
        } else {
            staged += line;
        }
        staged.push('\n');
    }
    staged
}

fn with_links(prose: &str, moved: &dyn Fn(&str) -> Option<String>) -> String {
    let mut parts = prose.split("](");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (target, rest) = part.split_at(part.find(')').unwrap_or(part.len()));
        text += "](";
        text += &moved(target).unwrap_or_else(|| target.to_owned());
        text += rest;
    }
    text
}

/// The address of what lies outside of the documents, or nothing for what is in the book, or not
/// even in the checkout.
fn on_the_web(root: &Path, document: &str, commit: &str, target: &str) -> Option<String> {
    let (file, anchor) = markdown::file_and_anchor(target);
    if file.is_empty() || markdown::leads_into_the_web(target) {
        return None;
    }
    let path = tree::resolved(document, file)?;
    let full = root.join(&path);
    // A folder has no page of its own in the book.
    if Path::new(&path).starts_with(DOCUMENTS) && !full.is_dir() {
        return None;
    }
    let kind = if full.is_dir() { "tree" } else { "blob" };
    let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
    Some(format!("{REPOSITORY}/{kind}/{commit}/{path}{anchor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_leave_the_documents_lead_into_the_web() {
        let root = tree::root();
        let moved = |target: &str| on_the_web(&root, "docs/guides/a.md", "c0ffee", target);
        let on_the_web = |path: &str| Some(format!("{REPOSITORY}/{path}"));
        assert_eq!(moved("../../CHANGELOG.md#a"), on_the_web("blob/c0ffee/CHANGELOG.md#a"));
        assert_eq!(moved("../../xtask/src"), on_the_web("tree/c0ffee/xtask/src"));
        assert_eq!(moved("../decisions"), on_the_web("tree/c0ffee/docs/decisions"));
        for stays in ["../style.md#layout", "#here", "https://example.com/", "", "../../../a", "/a"]
        {
            assert_eq!(moved(stays), None, "{stays}");
        }
    }

    #[test]
    fn code_stays_as_it_is() {
        let text = "[a](x), `[b](x)` and [`c`](x)\n```\n[d](x)\n```\n";
        let moved = |target: &str| (target == "x").then(|| "y".to_owned());
        assert_eq!(staged(text, &moved), "[a](y), `[b](x)` and [`c`](y)\n```\n[d](x)\n```\n");
    }
}
