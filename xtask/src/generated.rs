//! Documents the binary prints about itself, kept in the repository so that a change to them is reviewed.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// One committed document and the command that prints it.
pub(crate) struct Document {
    path: &'static str,
    arguments: &'static [&'static str],
    remedy: &'static str,
}

/// The description of the API for machines.
pub(crate) const OPENAPI: Document =
    Document { path: "docs/openapi.json", arguments: &["openapi"], remedy: "cargo xtask openapi" };

/// Every configuration key, its default and its range.
pub(crate) const CONFIG: Document = Document {
    path: "docs/configuration.md",
    arguments: &["config", "reference"],
    remedy: "cargo xtask config",
};

impl Document {
    /// Writes the document, or compares it with what is committed.
    ///
    /// # Errors
    ///
    /// When the binary does not print it, or the committed one is stale.
    pub(crate) fn run(&self, root: &Path, check: bool) -> Result<()> {
        let printed = shell::read(
            shell::cargo(root)
                .args(["run", "--quiet", "--locked", "-p", "vestibule", "--"])
                .args(self.arguments),
        )?;
        if printed.trim().is_empty() {
            bail!("`vestibule {}` printed nothing", self.arguments.join(" "));
        }
        let fresh = with_one_newline(&printed);
        let file = root.join(self.path);
        if !check {
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(&file, fresh).with_context(|| format!("cannot write {}", self.path))?;
            println!("{} is written", self.path);
            return Ok(());
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some(difference) = first_difference(&committed, &fresh) {
            bail!("{} is stale; `{}` writes it anew\n{difference}", self.path, self.remedy);
        }
        Ok(())
    }
}

/// Where two texts part, shown as a line of each; nothing when they are the same.
fn first_difference(committed: &str, fresh: &str) -> Option<String> {
    if committed == fresh {
        return None;
    }
    let mut old = committed.lines();
    let mut new = fresh.lines();
    let mut line = 0;
    loop {
        line += 1;
        match (old.next(), new.next()) {
            (None, None) => return Some("  they differ in line endings only".to_owned()),
            (was, is) if was != is => {
                let shown = |side: Option<&str>| side.unwrap_or("(end of file)").to_owned();
                return Some(format!("  line {line}\n  - {}\n  + {}", shown(was), shown(is)));
            }
            _ => {}
        }
    }
}

fn with_one_newline(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_do_not_differ() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn the_first_different_line_is_shown() {
        assert_eq!(first_difference("a\nb\nc\n", "a\nx\nc\n").unwrap(), "  line 2\n  - b\n  + x");
        assert_eq!(
            first_difference("a\n", "a\nb\n").unwrap(),
            "  line 2\n  - (end of file)\n  + b"
        );
        assert!(first_difference("a\r\n", "a\n").is_some());
    }

    #[test]
    fn a_document_ends_with_one_newline() {
        assert_eq!(with_one_newline("{}"), "{}\n");
        assert_eq!(with_one_newline("{}\n\n"), "{}\n");
    }
}
