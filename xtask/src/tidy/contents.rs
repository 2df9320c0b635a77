//! Checks that the table of contents of the book lists every document once.
//!
//! mdBook silently omits documents that are not listed.

use crate::finding::Finding;
use crate::markdown;
use crate::tree::{self, File};

/// The table of contents.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Compares the table of contents with the documents. `links` checks that listed files exist.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let summary = tree::named(files, SUMMARY);
    let listed = summary.map(|file| markdown::links(&file.text)).unwrap_or_default();
    let pages = files.iter().filter_map(|file| {
        let page = file.path.strip_prefix("docs/").filter(|_| file.has_extension("md"))?;
        (file.path != SUMMARY).then_some(page)
    });
    pages
        .filter_map(|page| {
            let mut places = listed.iter().filter(|(_, target)| target == page);
            match (places.next(), places.next()) {
                (Some(_), None) => None,
                (None, _) => Some((1, format!("`{page}` is not listed"))),
                (_, Some(&(line, _))) => Some((line, format!("`{page}` is listed twice"))),
            }
        })
        .map(|(line, problem)| {
            Finding::new(SUMMARY, line, problem, "list every document below `docs` once")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(summary: &str) -> usize {
        let files = [
            File::new(SUMMARY, summary),
            File::new("docs/a.md", ""),
            File::new("docs/b/c.md", ""),
            File::new("d.md", ""),
        ];
        check(&files).len()
    }

    #[test]
    fn missing_and_repeated_pages_are_found() {
        assert_eq!(found("- [A](a.md)\n  - [C](b/c.md)\n"), 0);
        assert_eq!(found("- [A](a.md)\n"), 1);
        assert_eq!(found("- [A](a.md)\n- [C](b/c.md)\n- [Again](a.md)\n"), 1);
    }
}
