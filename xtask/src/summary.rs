//! Running test programs and counting the results that `cargo test` and `node --test` print.

use std::fmt;
use std::io::{BufRead as _, BufReader, Write};
use std::ops::AddAssign;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

/// Numbers of tests by result.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Tests marked as ignored in the source.
    pub(crate) ignored: u64,
    /// Tests excluded by name on the command line.
    pub(crate) filtered: u64,
}

impl Summary {
    /// Creates a summary with only failures.
    pub(crate) fn failures(failed: u64) -> Self {
        Self { failed, ..Self::default() }
    }

    /// Adds the counts of a result line of Cargo; ignores other lines.
    pub(crate) fn read_cargo(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        // `ok. 19 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.02s`
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        for part in counts.split("; ") {
            let Some((number, result)) = part.trim().split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match result {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                "filtered out" => self.filtered += number,
                _ => {}
            }
        }
    }

    /// Adds the count of a result line of Node.js; ignores other lines.
    pub(crate) fn read_node(&mut self, line: &str) {
        // `ℹ pass 19`, one line for each count
        let Some((result, number)) = line.strip_prefix("ℹ ").and_then(|line| line.split_once(' '))
        else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else {
            return;
        };
        match result {
            "pass" => self.passed += number,
            // A test file that hangs or crashes is reported as cancelled.
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.ignored += number,
            _ => {}
        }
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.filtered += other.filtered;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = self.ignored + self.filtered;
        write!(out, "{} passed, {} failed, {skipped} skipped", self.passed, self.failed)
    }
}

/// Runs a program, copies its output to `terminal` while it runs, and counts the tests in it.
///
/// Returns the counts, and `true` if the program succeeded.
///
/// # Errors
///
/// Fails if the program cannot be started, or its output cannot be read or written.
pub(crate) fn run_counted(
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
        // Ended by a signal, which its output does not show.
        eprintln!("error: {} ended with {status}", command.get_program().display());
    }
    Ok((summary, status.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_are_added() {
        let mut summary = Summary::default();
        for line in [
            "running 22 tests",
            "test result: ok. 19 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s",
            "test tests::a ... ok",
            "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
            "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            summary.read_cargo(line);
        }
        assert_eq!(summary.to_string(), "24 passed, 2 failed, 4 skipped");
    }

    #[test]
    fn other_lines_are_ignored() {
        let mut summary = Summary::default();
        summary.read_cargo("error: 3 failed; test result: unknown");
        summary.read_cargo("test result: ");
        assert_eq!(summary, Summary::default());
    }

    #[test]
    fn counts_of_node_are_parsed() {
        let mut summary = Summary::default();
        for line in [
            "▶ the journey",
            "  ✔ ends at the sign-in page (12.3ms)",
            "ℹ tests 25",
            "ℹ suites 0",
            "ℹ pass 19",
            "ℹ fail 2",
            "ℹ cancelled 1",
            "ℹ skipped 2",
            "ℹ todo 1",
            "ℹ duration_ms 1234.5",
            "pass 7",
            "ℹ pass many",
        ] {
            summary.read_node(line);
        }
        assert_eq!(summary.to_string(), "19 passed, 3 failed, 3 skipped");
    }

    #[test]
    fn summaries_are_added() {
        let mut all = Summary { passed: 1, failed: 0, ignored: 2, filtered: 3 };
        all += Summary { passed: 10, failed: 20, ignored: 30, filtered: 40 };
        assert_eq!(all, Summary { passed: 11, failed: 20, ignored: 32, filtered: 43 });
    }

    #[test]
    fn output_is_copied_and_counted_and_failure_is_reported() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'test result: ok. 2 passed; 0 failed'; exit 101"]);
        let mut terminal = Vec::new();
        let (summary, success) =
            run_counted(&mut command, Summary::read_cargo, &mut terminal).unwrap();
        assert_eq!(summary.passed, 2);
        assert_eq!(terminal, b"test result: ok. 2 passed; 0 failed\n");
        assert!(!success);
    }
}
