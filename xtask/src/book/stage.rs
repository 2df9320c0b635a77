//! The source of the book: a copy of `docs` with links to other files replaced by URLs.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{markdown, shell, tree};

/// URL of the repository.
const REPOSITORY: &str = "https://github.com/vestibule/vestibule";
const DOCUMENTS: &str = "docs";

/// Copies all files below `docs`.
///
/// # Errors
///
/// Fails if a file cannot be read or written.
pub(super) fn copy(root: &Path, to: &Path) -> Result<()> {
    let commit = shell::try_read("git", &["-C", &root.to_string_lossy(), "rev-parse", "HEAD"]);
    let commit = commit.unwrap_or_else(|| "main".to_owned());
    for path in tree::paths(root)? {
        let Ok(within) = Path::new(&path).strip_prefix(DOCUMENTS) else { continue };
        let (from, target) = (root.join(&path), to.join(within));
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("cannot create {}", parent.display()))?;
        }
        if within.extension().is_some_and(|kind| kind == "md") {
            let text = std::fs::read_to_string(&from)
                .with_context(|| format!("cannot read {}", from.display()))?;
            let text =
                with_replaced_links(&text, &|target| repository_url(root, &path, &commit, target));
            std::fs::write(&target, text)
                .with_context(|| format!("cannot write {}", target.display()))?;
        } else {
            std::fs::copy(&from, &target)
                .with_context(|| format!("cannot copy {}", from.display()))?;
        }
    }
    Ok(())
}

/// Replaces the links for which `moved` returns another target.
fn with_replaced_links(text: &str, moved: &dyn Fn(&str) -> Option<String>) -> String {
    let mut replaced = String::new();
    for (_, line, is_prose) in markdown::lines(text) {
        if is_prose {
            let parts = markdown::spans(line).map(|(part, is_code)| {
                if is_code { part.to_owned() } else { replace_in_prose(part, moved) }
            });
            replaced += &parts.collect::<Vec<_>>().join("`");
        } else {
            replaced += line;
        }
        replaced.push('\n');
    }
    replaced
}

fn replace_in_prose(prose: &str, moved: &dyn Fn(&str) -> Option<String>) -> String {
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

/// Returns the URL for a link target outside `docs`; `None` if it is in the book or not in the
/// checkout.
fn repository_url(root: &Path, document: &str, commit: &str, target: &str) -> Option<String> {
    let (file, anchor) = markdown::file_and_anchor(target);
    if file.is_empty() || markdown::is_url(target) {
        return None;
    }
    let path = tree::resolved(document, file)?;
    let full = root.join(&path);
    // Folders have no page in the book.
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
    fn links_to_other_files_become_urls() {
        let root = tree::root();
        let moved = |target: &str| repository_url(&root, "docs/guides/a.md", "c0ffee", target);
        let repository_url = |path: &str| Some(format!("{REPOSITORY}/{path}"));
        assert_eq!(moved("../../CHANGELOG.md#a"), repository_url("blob/c0ffee/CHANGELOG.md#a"));
        assert_eq!(moved("../../xtask/src"), repository_url("tree/c0ffee/xtask/src"));
        assert_eq!(moved("../decisions"), repository_url("tree/c0ffee/docs/decisions"));
        for stays in ["../style.md#layout", "#here", "https://example.com/", "", "../../../a", "/a"]
        {
            assert_eq!(moved(stays), None, "{stays}");
        }
    }

    #[test]
    fn code_is_unchanged() {
        let text = "[a](x), `[b](x)` and [`c`](x)\n```\n[d](x)\n```\n";
        let moved = |target: &str| (target == "x").then(|| "y".to_owned());
        assert_eq!(
            with_replaced_links(text, &moved),
            "[a](y), `[b](x)` and [`c`](y)\n```\n[d](x)\n```\n"
        );
    }
}
