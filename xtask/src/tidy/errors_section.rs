//! Checks that use cases have a section `# Errors` in their documentation.
//!
//! Clippy can require the section only for all functions or for none.

use crate::finding::Finding;
use crate::tree::File;

/// Folder of the use cases.
const USE_CASES: &str = "crates/domain/src/use_cases/";

/// Checks a file; only use cases have findings.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    if !file.path.starts_with(USE_CASES) {
        return Vec::new();
    }
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    (0..lines.len())
        .filter(|&at| lines[at].starts_with("pub async fn ") && returns_result(&lines[at..]))
        .filter(|&at| !documents_errors(&lines[..at]))
        .map(|at| {
            Finding::new(
                &file.path,
                at + 1,
                "the use case has no section `# Errors`",
                "add one to its documentation",
            )
        })
        .collect()
}

/// Returns `true` if the signature that starts here returns a `Result`.
fn returns_result(lines: &[&str]) -> bool {
    let end = lines
        .iter()
        .position(|line| line.ends_with('{') || line.ends_with(';'))
        .map_or(lines.len(), |at| at + 1);
    lines[..end].join(" ").contains("-> Result")
}

/// Returns `true` if the documentation directly above has the section.
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
        assert_eq!(found("crates/domain/src/use_cases/sessions.rs", BARE), 1);
        assert_eq!(found("crates/domain/src/use_cases/sessions/refresh.rs", BARE), 1);
        assert_eq!(found("crates/domain/src/use_cases/housekeeping.rs", BARE), 1);
        assert_eq!(found("crates/domain/src/model/session.rs", BARE), 0);
    }

    #[test]
    fn the_section_is_found_through_attributes() {
        let text = "/// Signs in;\n///\n/// # Errors\n///\n/// Never {.\n#[must_use]\npub async fn a() -> Result<(), E> {\n";
        assert_eq!(found("crates/domain/src/use_cases/sessions.rs", text), 0);
    }

    #[test]
    fn the_section_of_another_function_does_not_count() {
        let text = "/// # Errors\npub async fn a() -> Result<(), E> {\n}\n\npub async fn b() -> Result<(), E> {\n}\n";
        assert_eq!(found("crates/domain/src/use_cases/sessions.rs", text), 1);
    }

    #[test]
    fn functions_without_a_result_need_no_section() {
        let text = "pub async fn a() -> u8 {\n}\n";
        assert_eq!(found("crates/domain/src/use_cases/sessions.rs", text), 0);
    }
}
