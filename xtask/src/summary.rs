//! Counting what `cargo test` says it ran.

use std::fmt;

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

    /// Adds what a line of output tells; other lines change nothing.
    pub(crate) fn read(&mut self, line: &str) {
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
            summary.read(line);
        }
        assert_eq!(summary.to_string(), "24 passed, 2 failed, 4 skipped");
    }

    #[test]
    fn other_lines_count_nothing() {
        let mut summary = Summary::default();
        summary.read("error: 3 failed; test result: unknown");
        summary.read("test result: ");
        assert_eq!(summary, Summary::default());
    }
}
