//! Counting what `cargo test` and `node --test` say they ran.

use std::fmt;
use std::ops::AddAssign;

/// The tests of a whole run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Marked as ignored, in the source.
    pub(crate) ignored: u64,
    /// Left out by name, on the command line.
    pub(crate) filtered: u64,
}

impl Summary {
    /// Nothing but this many failures.
    pub(crate) fn failures(failed: u64) -> Self {
        Self { failed, ..Self::default() }
    }

    /// Adds what a line of Cargo's output tells; other lines change nothing.
    pub(crate) fn read_cargo(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        // `ok. 19 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.02s`
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        for part in counts.split("; ") {
            let Some((number, what)) = part.trim().split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                "filtered out" => self.filtered += number,
                _ => {}
            }
        }
    }

    /// Adds what a line of Node's output tells; other lines change nothing.
    pub(crate) fn read_node(&mut self, line: &str) {
        // `ℹ pass 19`, one line for each count
        let Some((what, number)) = line.strip_prefix("ℹ ").and_then(|line| line.split_once(' '))
        else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else {
            return;
        };
        match what {
            "pass" => self.passed += number,
            // Cancelled is what a file that hangs or dies leaves behind.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_add_up() {
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
    fn other_lines_count_nothing() {
        let mut summary = Summary::default();
        summary.read_cargo("error: 3 failed; test result: unknown");
        summary.read_cargo("test result: ");
        assert_eq!(summary, Summary::default());
    }

    #[test]
    fn the_counts_of_node_are_read() {
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
    fn runs_add_up() {
        let mut all = Summary { passed: 1, failed: 0, ignored: 2, filtered: 3 };
        all += Summary { passed: 10, failed: 20, ignored: 30, filtered: 40 };
        assert_eq!(all, Summary { passed: 11, failed: 20, ignored: 32, filtered: 43 });
    }
}
