//! Checks that the experiments, tests, fuzz targets and files named in the threat model exist.

use std::collections::HashSet;

use crate::evidence;
use crate::finding::Finding;
use crate::markdown;
use crate::tree::{self, File};

const PAGE: &str = "docs/threat-model.md";
/// Folder with a subfolder for each fuzz target.
const TARGETS: &str = "crates/fuzz/corpus/";

/// Compares the page with the other files.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let Some(page) = tree::named(files, PAGE) else { return Vec::new() };
    let tests: HashSet<&str> = files
        .iter()
        .filter(|file| file.has_extension("rs"))
        .flat_map(|file| file.text.lines().filter_map(function))
        .collect();
    let is_file = |name: &str| {
        files
            .iter()
            .any(|file| file.path.strip_suffix(name).is_some_and(|path| path.ends_with('/')))
    };
    let is_target = |name: &str| files.iter().any(|file| is_seed(&file.path, name));
    let mut problems = Vec::new();
    for (number, line, is_prose) in markdown::lines(&page.text) {
        if !is_prose {
            continue;
        }
        let missing = experiments(line)
            .filter(|id| !evidence::is_experiment(id))
            .map(|id| format!("unknown experiment {id}"));
        problems.extend(missing.map(|problem| (number, problem)));
        for span in markdown::code_spans(line) {
            let names_a_file = [".rs", ".mjs"].iter().any(|end| span.ends_with(end));
            if is_test(span) && !tests.contains(span) || names_a_file && !is_file(span) {
                problems.push((number, format!("`{span}` does not exist")));
            }
        }
        let missing = targets(line).into_iter().filter(|name| !is_target(name));
        problems.extend(missing.map(|name| (number, format!("unknown fuzz target `{name}`"))));
    }
    let remedy =
        "name an existing test, experiment, fuzz target or file, or state that there is none";
    problems.into_iter().map(|(line, problem)| Finding::new(PAGE, line, problem, remedy)).collect()
}

/// Returns the name of a function that a line declares, also in a macro that expands it for each
/// database.
fn function(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some(name) = line.strip_suffix(';').filter(|name| is_test(name)) {
        return Some(name);
    }
    line.split_once("fn ")?.1.split(['(', '<']).next()
}

/// Returns `true` if a word may be the name of a test: several words joined by underscores.
fn is_test(word: &str) -> bool {
    let is_name =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    word.matches('_').count() >= 2 && word.chars().all(is_name)
}

/// Returns the experiment ids of a line, such as `E07` or `E07a`.
fn experiments(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| {
        word.strip_prefix('E').is_some_and(|rest| {
            let (number, part) = rest.split_at_checked(2).unwrap_or(("", ""));
            !number.is_empty()
                && number.chars().all(|digit| digit.is_ascii_digit())
                && part.len() <= 1
        })
    })
}

/// Returns the names after "fuzz target" or "fuzz targets", up to a semicolon or the end of a cell.
fn targets(line: &str) -> Vec<&str> {
    let lists = line.split("fuzz target").skip(1).filter_map(|rest| rest.split([';', '|']).next());
    lists.flat_map(markdown::code_spans).collect()
}

fn is_seed(path: &str, target: &str) -> bool {
    path.strip_prefix(TARGETS)
        .and_then(|path| path.strip_prefix(target))
        .is_some_and(|path| path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str) -> usize {
        let tests = "async fn one_is_tried() {}\non_both_databases! {\n    two_are_tried;\n}\n";
        let files = [
            File::new(PAGE, page),
            File::new("crates/a/tests/b.rs", tests),
            File::new("crates/fuzz/corpus/form/1", ""),
        ];
        check(&files).len()
    }

    #[test]
    fn existing_evidence_passes() {
        assert_eq!(found("| x | E01, E04 | `one_is_tried`, `two_are_tried` in `tests/b.rs` |"), 0);
        assert_eq!(found("| fuzz target `form`; `tokens.access_ttl` | decision 0013 |"), 0);
        assert_eq!(found("```\nE99 `no_such_test`\n```"), 0);
    }

    #[test]
    fn missing_evidence_is_found() {
        assert_eq!(found("| E99, E01z |"), 2);
        assert_eq!(found("`one_was_tried`, `c.rs`"), 2);
        assert_eq!(found("fuzz targets `form`, `shape`"), 1);
    }
}
