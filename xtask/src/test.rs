//! `cargo xtask test`: runs the tests with their prerequisites and prints a summary.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::prerequisites::{self, Prerequisites, Suites};
use crate::summary::{self, Summary};
use crate::{browser_suite, shell};

/// Options of `cargo xtask test`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// If `true`, a missing prerequisite is a failure.
    pub(crate) strict: bool,
    /// If `true`, only the browser suite runs.
    pub(crate) browser: bool,
    /// Arguments for `cargo test`; with `browser`, parts of the names of test files.
    pub(crate) arguments: Vec<String>,
}

impl Options {
    /// Returns the suites to run. Arguments for Cargo exclude the browser suite.
    fn suites(&self) -> Suites {
        Suites { cargo: !self.browser, browser: self.browser || self.arguments.is_empty() }
    }
}

/// Starts the prerequisites, runs the tests and stops the prerequisites.
///
/// The summary is always the last line, so that scripts can find it.
///
/// Tests that fail or do not compile, and with `strict` missing prerequisites, are reported by the
/// exit code.
///
/// # Errors
///
/// Fails if Cargo or the browser suite cannot be started.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    let suites = options.suites();
    let prerequisites = prerequisites::provide(root, suites);
    for missing in &prerequisites.missing {
        eprintln!("missing: {missing}");
    }
    let mut summary = Summary::default();
    let mut success = true;
    if options.strict && !prerequisites.missing.is_empty() {
        eprintln!("error: missing prerequisites (--strict); each counts as a failure");
        summary = Summary::failures(u64::try_from(prerequisites.missing.len())?);
        success = false;
    } else {
        type Suite = fn(&Path, &Prerequisites, &[String]) -> Result<(Summary, bool)>;
        let all: [(bool, Suite); 2] =
            [(suites.cargo, run_cargo), (suites.browser, browser_suite::run)];
        for (_, suite) in all.into_iter().filter(|(is_selected, _)| *is_selected) {
            let (counts, succeeded) = suite(root, &prerequisites, &options.arguments)?;
            summary += counts;
            success &= succeeded;
        }
    }
    // Stopped first, so that no output follows the summary.
    drop(prerequisites);

    println!("\n{summary}");
    std::io::stdout().flush()?;
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_cargo(
    root: &Path,
    prerequisites: &Prerequisites,
    arguments: &[String],
) -> Result<(Summary, bool)> {
    let mut command = shell::cargo(root);
    command
        .args(["test", "--locked", "--no-fail-fast"])
        .args(workspace_flag(arguments))
        .args(with_skips(arguments, &prerequisites.skips))
        .envs(prerequisites.variables.iter().cloned());
    let (mut summary, success) =
        summary::run_counted(&mut command, Summary::read_cargo, &mut std::io::stdout())?;
    if prerequisites.skips.is_empty() {
        // The remaining filtered tests were excluded on the command line, so they do not count as
        // skipped.
        summary.filtered = 0;
    }
    if !success && summary.failed == 0 {
        eprintln!("error: `cargo test` failed without a failed test; counted as one failure");
        summary.failed = 1;
    }
    Ok((summary, success))
}

/// Returns `--workspace` unless the arguments select packages; with it, Cargo would build all
/// crates.
fn workspace_flag(arguments: &[String]) -> Option<&'static str> {
    let selects_packages = arguments
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word.starts_with("-p") || word.starts_with("--package"));
    (!selects_packages).then_some("--workspace")
}

/// Adds a `--skip` for each name after the `--`, where the test programs read it.
fn with_skips(arguments: &[String], skips: &[&str]) -> Vec<String> {
    let mut all = arguments.to_vec();
    if !skips.is_empty() && !all.iter().any(|word| word == "--") {
        all.push("--".to_owned());
    }
    for skip in skips {
        all.extend(["--skip".to_owned(), (*skip).to_owned()]);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn skips_are_added_after_the_dashes() {
        assert_eq!(with_skips(&words("-p a"), &[]), words("-p a"));
        assert_eq!(with_skips(&words("-p a"), &["postgres"]), words("-p a -- --skip postgres"));
        assert_eq!(
            with_skips(&words("a -- --exact"), &["postgres"]),
            words("a -- --exact --skip postgres")
        );
    }

    #[test]
    fn all_crates_are_tested_unless_some_are_selected() {
        for line in ["", "email", "--test api", "-- -p"] {
            assert_eq!(workspace_flag(&words(line)), Some("--workspace"), "{line}");
        }
        for line in ["-p xtask", "-pxtask", "--package=xtask", "--package xtask"] {
            assert_eq!(workspace_flag(&words(line)), None, "{line}");
        }
    }

    #[test]
    fn arguments_select_tests_of_one_suite() {
        let suites = |browser, line| {
            let suites = Options { strict: false, browser, arguments: words(line) }.suites();
            (suites.cargo, suites.browser)
        };
        assert_eq!(suites(false, ""), (true, true));
        assert_eq!(suites(false, "-p xtask"), (true, false));
        assert_eq!(suites(true, ""), (false, true));
        assert_eq!(suites(true, "keyboard"), (false, true));
    }
}
