//! Measuring the service beside the least that its parts could cost.
//!
//! Machines differ and are noisy, so what counts is a ratio: the service and its floor are measured
//! in turns, several times, on the same cores, and the middle one of the ratios is taken. The load
//! comes from a second process, `oha`.

mod ask;
mod instructions;
mod load;
mod parts;
mod report;
mod row;
mod server;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::shell;
use parts::{PARTS, Part};
use row::Row;
use tools::Programs;

/// What is measured, and how.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Names of parts; none are all.
    pub(crate) parts: Vec<String>,
    /// Once and briefly: to see that it works, not to learn figures.
    pub(crate) short: bool,
    /// Write `docs/performance.md` afterwards.
    pub(crate) report: bool,
}

/// What every part works with.
struct Bench {
    root: PathBuf,
    programs: Programs,
    /// For databases and logs; on the disk that the target folder is on.
    scratch: PathBuf,
    rounds: usize,
    seconds: u64,
    short: bool,
}

/// Measures what was asked for and prints a table.
///
/// # Errors
///
/// When something cannot be built or started, or there is no such part.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    if let Some(unknown) = options.parts.iter().find(|name| PARTS.iter().all(|p| p.name != **name))
    {
        let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        bail!("there is no part `{unknown}`, but there are {}", known.join(", "));
    }
    let wanted: Vec<&Part> = PARTS
        .iter()
        .filter(|part| options.parts.is_empty() || options.parts.iter().any(|n| n == part.name))
        .collect();
    let programs = tools::build(root, wanted.iter().any(|part| part.makes_load))?;
    let scratch = shell::target(root).join("bench/run");
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch)?;
    }
    std::fs::create_dir_all(&scratch).context("a folder for databases")?;
    let (rounds, seconds) = if options.short { (1, 1) } else { (3, 4) };
    let short = options.short;
    let bench = Bench { root: root.to_owned(), programs, scratch, rounds, seconds, short };

    let mut sections: Vec<(&Part, Vec<Row>)> = Vec::new();
    for part in wanted {
        eprintln!("== {}: {}", part.name, part.about);
        let rows = (part.measure)(&bench).with_context(|| format!("part `{}`", part.name))?;
        for row in &rows {
            eprintln!("{row}");
        }
        sections.push((part, rows));
    }
    println!("{}", report::table(&sections));
    if options.report {
        report::write(&bench, &sections)?;
        eprintln!("written: {}", report::REPORT);
    }
    let has_failed = |(part, rows): &(&Part, Vec<Row>)| {
        part.is_binding && rows.iter().any(|row| row.is_reached() == Some(false))
    };
    Ok(if sections.iter().any(has_failed) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Bench {
    /// Measures everybody in turns, as often as there are rounds; one list each.
    fn in_turns<T>(&self, candidates: &[&dyn Fn() -> Result<T>]) -> Result<Vec<Vec<T>>> {
        let mut measured: Vec<Vec<T>> = candidates.iter().map(|_| Vec::new()).collect();
        for _ in 0..self.rounds {
            for (candidate, list) in candidates.iter().zip(&mut measured) {
                list.push(candidate()?);
            }
        }
        Ok(measured)
    }

    /// A new folder.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch.join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
        Ok(folder)
    }
}
