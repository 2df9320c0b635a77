//! Every document stands in the book's list of contents, once.
//!
//! mdBook leaves out what is not listed, and says nothing.

use crate::finding::Finding;
use crate::markdown;
use crate::tree::{self, File};

/// The list, which is no page itself.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Compares the list with the documents. That what is listed exists is what `links` sees to.
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
                (None, _) => Some((1, format!("`{page}` is not in the book"))),
                (_, Some(&(line, _))) => Some((line, format!("`{page}` is listed twice"))),
            }
        })
        .map(|(line, problem)| {
            Finding::failure(SUMMARY, line, problem, "list every page below `docs` once")
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
    fn a_page_that_is_missing_or_doubled_is_found() {
        assert_eq!(found("- [A](a.md)\n  - [C](b/c.md)\n"), 0);
        assert_eq!(found("- [A](a.md)\n"), 1);
        assert_eq!(found("- [A](a.md)\n- [C](b/c.md)\n- [Again](a.md)\n"), 1);
    }
}
