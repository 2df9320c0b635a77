//! Findings of checks: place, problem and remedy, reported all at once.

use std::fmt;

use anyhow::{Result, bail};

/// A violation of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    problem: String,
    remedy: String,
}

impl Finding {
    /// Creates a finding.
    pub(crate) fn new(
        path: &str,
        line: usize,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { path: path.to_owned(), line, problem: problem.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}:{}: error: {}", self.path, self.line, self.problem)?;
        write!(out, "    {}", self.remedy)
    }
}

/// Prints all findings, sorted by path and line.
///
/// # Errors
///
/// Fails if there is at least one finding.
pub(crate) fn report(check: &str, mut findings: Vec<Finding>) -> Result<()> {
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("{check}: 1 finding"),
        count => bail!("{check}: {count} findings"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_place_problem_and_remedy() {
        let finding = Finding::new("a/b.rs", 7, "too long", "split it");
        assert_eq!(finding.to_string(), "a/b.rs:7: error: too long\n    split it");
    }

    #[test]
    fn findings_make_a_check_fail() {
        assert!(report("tidy", Vec::new()).is_ok());
        let finding = Finding::new("a", 1, "long", "split");
        assert!(report("tidy", vec![finding]).is_err());
    }
}
