//! Use cases document how they fail.
//!
//! Clippy can ask this of everything or of nothing; it matters where an adapter's author reads.

use crate::finding::Finding;
use crate::tree::File;

/// Modules of the domain that hold use cases.
const USE_CASES: [&str; 6] =
    ["accounts", "sessions", "recovery", "outbox", "administration", "housekeeping"];

/// Checks one file; anything but a use case passes.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    if !is_use_case(&file.path) {
        return Vec::new();
    }
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    (0..lines.len())
        .filter(|&at| lines[at].starts_with("pub async fn ") && returns_result(&lines[at..]))
        .filter(|&at| !documents_errors(&lines[..at]))
        .map(|at| {
            Finding::failure(
                &file.path,
                at + 1,
                "a use case does not say how it fails",
                "add a section `# Errors` to its documentation",
            )
        })
        .collect()
}

fn is_use_case(path: &str) -> bool {
    path.strip_prefix("crates/domain/src/")
        .and_then(|rest| rest.split(['/', '.']).next())
        .is_some_and(|module| USE_CASES.contains(&module))
}

/// Whether the signature that begins here promises a `Result`.
fn returns_result(lines: &[&str]) -> bool {
    let end = lines
        .iter()
        .position(|line| line.ends_with('{') || line.ends_with(';'))
        .map_or(lines.len(), |at| at + 1);
    lines[..end].join(" ").contains("-> Result")
}

/// Whether the documentation right above has the section.
fn documents_errors(above: &[&str]) -> bool {
    above
        .iter()
        .rev()
        .take_while(|line| line.starts_with("///") || line.starts_with("#["))
        .any(|line| line.starts_with("/// # Errors"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&File::new(path, text)).len()
    }

    const BARE: &str = "impl A {\n    /// Signs in;\n    pub async fn sign_in(\n        &self,\n    ) -> Result<B, C> {\n";

    #[test]
    fn a_use_case_without_the_section_is_found() {
        assert_eq!(found("crates/domain/src/sessions.rs", BARE), 1);
        assert_eq!(found("crates/domain/src/sessions/refresh.rs", BARE), 1);
        assert_eq!(found("crates/domain/src/housekeeping.rs", BARE), 1);
        assert_eq!(found("crates/domain/src/session.rs", BARE), 0);
    }

    #[test]
    fn the_section_is_found_through_attributes() {
        let text = "/// Signs in;\n///\n/// # Errors\n///\n/// Never {.\n#[must_use]\npub async fn a() -> Result<(), E> {\n";
        assert_eq!(found("crates/domain/src/sessions.rs", text), 0);
    }

    #[test]
    fn the_section_of_the_neighbour_does_not_count() {
        let text = "/// # Errors\npub async fn a() -> Result<(), E> {\n}\n\npub async fn b() -> Result<(), E> {\n}\n";
        assert_eq!(found("crates/domain/src/sessions.rs", text), 1);
    }

    #[test]
    fn what_cannot_fail_needs_none() {
        let text = "pub async fn a() -> u8 {\n}\n";
        assert_eq!(found("crates/domain/src/sessions.rs", text), 0);
    }
}
