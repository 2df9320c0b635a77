//! What a check found, and how it is told: place, rule, remedy, all findings at once.

use std::fmt;

use anyhow::{Result, bail};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Worth knowing; nothing fails.
    Warning,
    /// The check fails.
    Failure,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    weight: Weight,
    path: String,
    line: usize,
    problem: String,
    remedy: String,
}

impl Finding {
    /// Something that must be put right.
    pub(crate) fn failure(
        path: &str,
        line: usize,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            weight: Weight::Failure,
            path: path.to_owned(),
            line,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// Something to think about.
    pub(crate) fn warning(
        path: &str,
        line: usize,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { weight: Weight::Warning, ..Self::failure(path, line, problem, remedy) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Warning => "warning",
            Weight::Failure => "error",
        };
        writeln!(out, "{}:{}: {weight}: {}", self.path, self.line, self.problem)?;
        write!(out, "    {}", self.remedy)
    }
}

/// Prints all findings, the heaviest last, where the eye is.
///
/// # Errors
///
/// When one of them is a failure.
pub(crate) fn report(check: &str, mut findings: Vec<Finding>) -> Result<()> {
    findings.sort_by(|a, b| (a.weight, &a.path, a.line).cmp(&(b.weight, &b.path, b.line)));
    for finding in &findings {
        eprintln!("{finding}");
    }
    let failures = findings.iter().filter(|finding| finding.weight == Weight::Failure).count();
    if failures > 0 {
        bail!("{check}: {failures} to put right");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_the_place_and_the_remedy() {
        let finding = Finding::failure("a/b.rs", 7, "too long", "split it");
        assert_eq!(finding.to_string(), "a/b.rs:7: error: too long\n    split it");
    }

    #[test]
    fn only_failures_fail() {
        let warning = Finding::warning("a", 1, "long", "split");
        assert!(report("tidy", vec![warning.clone()]).is_ok());
        let failure = Finding::failure("a", 1, "long", "split");
        assert!(report("tidy", vec![warning, failure]).is_err());
    }
}
