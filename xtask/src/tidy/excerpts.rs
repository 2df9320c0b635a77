//! Checks that code excerpts in documents match their source files.
//!
//! The info string of an excerpt is `rust from PATH`, relative to the document. Its lines must be
//! consecutive lines of the file; indentation is ignored.

use std::path::Path;

use crate::finding::Finding;
use crate::markdown;
use crate::tree::File;

/// Checks a file; only documents have findings.
pub(crate) fn check(root: &Path, file: &File) -> Vec<Finding> {
    if !file.path.starts_with("docs/") || !file.has_extension("md") {
        return Vec::new();
    }
    let folder = root.join(Path::new(&file.path).parent().unwrap_or(Path::new("")));
    markdown::blocks(&file.text)
        .into_iter()
        .filter_map(|block| {
            let source = block.info.strip_prefix("rust from ")?;
            let text = std::fs::read_to_string(folder.join(source)).unwrap_or_default();
            (!contains_lines(&text, &block.lines)).then(|| {
                Finding::new(
                    &file.path,
                    block.line,
                    format!("these lines are not in `{source}`"),
                    "copy consecutive lines from that file",
                )
            })
        })
        .collect()
}

fn contains_lines(text: &str, excerpt: &[&str]) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let excerpt: Vec<&str> = excerpt.iter().map(|line| line.trim()).collect();
    !excerpt.is_empty() && lines.windows(excerpt.len()).any(|window| window == excerpt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(block: &str) -> usize {
        let file = File::new("docs/guides/a.md", block);
        check(&crate::tree::root(), &file).len()
    }

    #[test]
    fn lines_missing_from_the_file_are_found() {
        let block = |path: &str, code: &str| format!("```rust from {path}\n{code}\n```\n");
        let here = "../../xtask/src/tidy/excerpts.rs";
        assert_eq!(
            found(&block(here, "use std::path::Path;\n\n  use crate::finding::Finding;")),
            0
        );
        assert_eq!(found(&block(here, "use std::path::Path;\nuse crate::finding::Finding;")), 1);
        assert_eq!(found(&block("../no/such.rs", "use std::path::Path;")), 1);
        assert_eq!(found("```rust from ../../xtask/src/main.rs\n```\n"), 1);
        assert_eq!(found("```rust\nanything\n```\n"), 0);
    }
}
