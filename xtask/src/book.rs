//! `cargo xtask book`: builds the documentation as HTML and checks its links.
//!
//! mdBook does not check links. It builds from a copy of `docs`, in which links to other files of
//! the checkout are replaced by links to the repository on the web.

mod html;
mod links;
mod stage;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::tools::{self, Tool};
use crate::{finding, shell};

/// mdBook without its default features for watching, serving and searching, which are half of it.
const MDBOOK: Tool = Tool { name: "mdbook", version: "0.5.4", options: &["--no-default-features"] };

/// Builds the book, and checks its links if `check` is `true`.
///
/// # Errors
///
/// Fails if it cannot be built, or if a link is broken.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let mdbook = tools::provide(root, &MDBOOK)?;
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
    shell::run_quietly(build.arg("build").arg(&source).arg("--dest-dir").arg(&pages))?;
    // mdBook copies every file that is not Markdown, including its own settings.
    std::fs::remove_file(pages.join("book.toml"))?;
    if check {
        finding::report("book", links::check(root, &pages)?)?;
    }
    eprintln!("book: {}", pages.join("index.html").display());
    Ok(())
}
