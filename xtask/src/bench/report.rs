//! `docs/performance.md`: the results of a run as tables.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};

use super::Bench;
use super::benchmarks::Benchmark;
use super::row::Row;

/// Path of the report from the root.
pub(super) const REPORT: &str = "docs/performance.md";

const HEAD: &str = include_str!("head.md");
const COLUMNS: &str = "| | figure (p50/p95/p99 ms) | ratio and target |\n\
                       |---|---|---|\n";

/// Formats all sections as Markdown tables.
pub(super) fn table(sections: &[(&Benchmark, Vec<Row>)]) -> String {
    let mut text = String::new();
    for (benchmark, rows) in sections {
        let _ = write!(text, "\n## {}\n\n{}.\n\n{COLUMNS}", benchmark.name, benchmark.about);
        for row in rows {
            let _ = writeln!(text, "| {} |", row.cells().join(" | "));
        }
    }
    text
}

/// Writes the report.
///
/// # Errors
///
/// Fails if it cannot be written.
pub(super) fn write(bench: &Bench, sections: &[(&Benchmark, Vec<Row>)]) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let text = format!(
        "{HEAD}\nThis run: {cores} cores{}, {} rounds of {} s.\n{}",
        model().map_or_else(String::new, |model| format!(" ({model})")),
        bench.rounds,
        bench.seconds,
        table(sections)
    );
    let path = bench.root.join(REPORT);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Returns the model name of the processor.
fn model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
