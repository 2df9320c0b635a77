//! `docs/performance.md`: the tables of a run, and how to read them.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};

use super::Bench;
use super::parts::Part;
use super::row::Row;

/// Where it is, from the root.
pub(super) const REPORT: &str = "docs/performance.md";

const HEAD: &str = include_str!("head.md");
const COLUMNS: &str = "| | figure | p50 ms | p95 ms | p99 ms | compared | aimed at |\n\
                       | --- | --- | --- | --- | --- | --- | --- |\n";

/// All sections as Markdown.
pub(super) fn table(sections: &[(&Part, Vec<Row>)]) -> String {
    let mut text = String::new();
    for (part, rows) in sections {
        let _ = write!(text, "\n## {}\n\n{}.\n\n{COLUMNS}", part.name, part.about);
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
/// When it cannot be written.
pub(super) fn write(bench: &Bench, sections: &[(&Part, Vec<Row>)]) -> Result<()> {
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

/// What the processor calls itself.
fn model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
