//! Running the tests with what they need, and saying in one line how it went.

use std::io::{BufRead as _, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result};

use crate::needs::{self, Needs, Suites};
use crate::summary::Summary;
use crate::{browser, shell};

/// Which tests, and how.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Fail when something they need cannot be had.
    pub(crate) strict: bool,
    /// The browser suite and nothing else.
    pub(crate) browser: bool,
    /// For `cargo test`; with `browser`, parts of names of files of that suite.
    pub(crate) arguments: Vec<String>,
}

impl Options {
    /// What is to run: whoever hands arguments to Cargo picks some of its tests.
    fn suites(&self) -> Suites {
        Suites { cargo: !self.browser, browser: self.browser || self.arguments.is_empty() }
    }
}

/// Starts what the tests need, runs them, stops it again.
///
/// The summary is the last line printed, whatever happened before it, so that a script finds it there.
///
/// # Errors
///
/// When Cargo or the browser suite cannot be started at all.
/// A test that fails or does not compile, and with `strict` a need that is not met, show in the exit code.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    let suites = options.suites();
    let needs = needs::meet(root, suites);
    for missing in &needs.missing {
        eprintln!("missing: {missing}");
    }
    let mut summary = Summary::default();
    let mut success = true;
    if options.strict && !needs.missing.is_empty() {
        eprintln!("error: the tests need what is missing (--strict); each counts as a failure");
        summary = Summary::failures(u64::try_from(needs.missing.len())?);
        success = false;
    } else {
        type Suite = fn(&Path, &Needs, &[String]) -> Result<(Summary, bool)>;
        let all: [(bool, Suite); 2] = [(suites.cargo, counted), (suites.browser, browser::counted)];
        for (_, suite) in all.into_iter().filter(|(is_wanted, _)| *is_wanted) {
            let (counts, succeeded) = suite(root, &needs, &options.arguments)?;
            summary += counts;
            success &= succeeded;
        }
    }
    // Stopped before the last line, so that nothing can follow it.
    drop(needs);

    println!("\n{summary}");
    std::io::stdout().flush()?;
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn counted(root: &Path, needs: &Needs, arguments: &[String]) -> Result<(Summary, bool)> {
    let mut command = shell::cargo(root);
    command
        .args(["test", "--locked", "--no-fail-fast"])
        .args(everything_unless(arguments))
        .args(with_skips(arguments, &needs.skips))
        .envs(needs.variables.iter().cloned());
    let (mut summary, success) =
        streamed(&mut command, Summary::read_cargo, &mut std::io::stdout())?;
    if needs.skips.is_empty() {
        // What was left out then, the caller left out by name; it was not asked for.
        summary.filtered = 0;
    }
    if !success && summary.failed == 0 {
        eprintln!("error: `cargo test` failed, but no test did; that counts as a failure");
        summary.failed = 1;
    }
    Ok((summary, success))
}

/// All crates, unless the caller picks some; Cargo would build all of them even then.
fn everything_unless(arguments: &[String]) -> Option<&'static str> {
    let picks = arguments
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word.starts_with("-p") || word.starts_with("--package"));
    (!picks).then_some("--workspace")
}

/// The caller's arguments with our own `--skip`s behind the dashes, where the test programs read.
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

/// Runs a program, passes its output on as it comes, and counts the tests in it.
pub(crate) fn streamed(
    command: &mut Command,
    count: fn(&mut Summary, &str),
    terminal: &mut impl Write,
) -> Result<(Summary, bool)> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let mut summary = Summary::default();
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line)? > 0 {
            terminal.write_all(&line)?;
            count(&mut summary, String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    let status = child.wait()?;
    if status.code().is_none() {
        // Not by itself, then; its own output does not say so.
        eprintln!("error: {} was ended by {status}", command.get_program().display());
    }
    Ok((summary, status.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn skips_stand_behind_the_dashes() {
        assert_eq!(with_skips(&words("-p a"), &[]), words("-p a"));
        assert_eq!(with_skips(&words("-p a"), &["postgres"]), words("-p a -- --skip postgres"));
        assert_eq!(
            with_skips(&words("a -- --exact"), &["postgres"]),
            words("a -- --exact --skip postgres")
        );
    }

    #[test]
    fn all_crates_are_tested_unless_some_are_picked() {
        for line in ["", "email", "--test api", "-- -p"] {
            assert_eq!(everything_unless(&words(line)), Some("--workspace"), "{line}");
        }
        for line in ["-p xtask", "-pxtask", "--package=xtask", "--package xtask"] {
            assert_eq!(everything_unless(&words(line)), None, "{line}");
        }
    }

    #[test]
    fn arguments_pick_tests_of_one_suite() {
        let suites = |browser, line| {
            let suites = Options { strict: false, browser, arguments: words(line) }.suites();
            (suites.cargo, suites.browser)
        };
        assert_eq!(suites(false, ""), (true, true));
        assert_eq!(suites(false, "-p xtask"), (true, false));
        assert_eq!(suites(true, ""), (false, true));
        assert_eq!(suites(true, "keyboard"), (false, true));
    }

    #[test]
    fn output_is_counted_and_failure_is_told() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'test result: ok. 2 passed; 0 failed'; exit 101"]);
        let mut terminal = Vec::new();
        let (summary, success) =
            streamed(&mut command, Summary::read_cargo, &mut terminal).unwrap();
        assert_eq!(summary.passed, 2);
        assert_eq!(terminal, b"test result: ok. 2 passed; 0 failed\n");
        assert!(!success);
    }
}
