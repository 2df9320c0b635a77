//! `cargo xtask book`: the documents as pages of HTML, whose links are followed.
//!
//! mdBook checks no link. It makes pages out of a copy of `docs`, in which what leads to other
//! files of the checkout leads to the repository on the web instead.

mod html;
mod pages;
mod stage;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::tools::{self, Tool};
use crate::{finding, shell};

/// Without what watches, serves and searches: half of it, and none of it is needed.
const MDBOOK: Tool = Tool { name: "mdbook", version: "0.5.4", options: &["--no-default-features"] };

/// Makes the book, and follows its links if that is wanted.
///
/// # Errors
///
/// When it cannot be made, or a link in it is dead.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let mdbook = tools::installed(root, &MDBOOK)?;
    let folder = shell::target(root).join("book");
    let source = folder.join("source");
    let pages = folder.join("html");
    for old in [&source, &pages] {
        if old.exists() {
            std::fs::remove_dir_all(old)
                .with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    stage::copy(root, &source)?;
    let mut build = Command::new(mdbook);
    shell::quietly(build.arg("build").arg(&source).arg("--dest-dir").arg(&pages))?;
    // mdBook takes whatever is no Markdown along, its own settings too.
    std::fs::remove_file(pages.join("book.toml"))?;
    if check {
        finding::report("book", pages::check(root, &pages)?)?;
    }
    eprintln!("book: {}", pages.join("index.html").display());
    Ok(())
}
