//! `cargo xtask bench`: compares the performance of the service with baselines.
//!
//! Results are ratios because machines differ and are noisy: the service and a baseline are
//! measured alternately, several times, on the same cores, and the median of the ratios is
//! reported. A separate process, `oha`, generates the load.

mod benchmarks;
mod client;
mod instructions;
mod load;
mod report;
mod row;
mod server;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::shell;
use benchmarks::{BENCHMARKS, Benchmark};
use row::Row;
use tools::Programs;

/// Options of `cargo xtask bench`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Names of benchmarks; all run if it is empty.
    pub(crate) names: Vec<String>,
    /// If `true`, one short round runs, to check that the benchmarks work.
    pub(crate) short: bool,
    /// If `true`, `docs/performance.md` is written afterwards.
    pub(crate) report: bool,
}

/// Context of all benchmarks.
struct Bench {
    root: PathBuf,
    programs: Programs,
    /// Folder for databases and logs, on the disk of the target folder.
    scratch: PathBuf,
    rounds: usize,
    seconds: u64,
    short: bool,
}

/// Runs the selected benchmarks and prints a table.
///
/// # Errors
///
/// Fails if a program cannot be built or started, or if a benchmark is unknown.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    if let Some(unknown) = options
        .names
        .iter()
        .find(|name| BENCHMARKS.iter().all(|benchmark| benchmark.name != **name))
    {
        let known: Vec<&str> = BENCHMARKS.iter().map(|benchmark| benchmark.name).collect();
        bail!("unknown benchmark `{unknown}`; known benchmarks are {}", known.join(", "));
    }
    let selected: Vec<&Benchmark> = BENCHMARKS
        .iter()
        .filter(|benchmark| {
            options.names.is_empty() || options.names.iter().any(|name| name == benchmark.name)
        })
        .collect();
    let programs = tools::build(root, selected.iter().any(|benchmark| benchmark.makes_load))?;
    let scratch = shell::target(root).join("bench/run");
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch)?;
    }
    std::fs::create_dir_all(&scratch).context("cannot create the folder for databases")?;
    let (rounds, seconds) = if options.short { (1, 1) } else { (3, 4) };
    let short = options.short;
    let bench = Bench { root: root.to_owned(), programs, scratch, rounds, seconds, short };

    let mut sections: Vec<(&Benchmark, Vec<Row>)> = Vec::new();
    for benchmark in selected {
        eprintln!("== {}: {}", benchmark.name, benchmark.about);
        let rows = (benchmark.measure)(&bench)
            .with_context(|| format!("benchmark `{}`", benchmark.name))?;
        for row in &rows {
            eprintln!("{row}");
        }
        sections.push((benchmark, rows));
    }
    println!("{}", report::table(&sections));
    if options.report {
        report::write(&bench, &sections)?;
        eprintln!("written: {}", report::REPORT);
    }
    let has_failed = |(benchmark, rows): &(&Benchmark, Vec<Row>)| {
        benchmark.is_binding && rows.iter().any(|row| row.is_met() == Some(false))
    };
    Ok(if sections.iter().any(has_failed) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Bench {
    /// Measures the candidates alternately for all rounds; returns a list of results for each.
    fn alternate<T>(&self, candidates: &[&dyn Fn() -> Result<T>]) -> Result<Vec<Vec<T>>> {
        let mut measured: Vec<Vec<T>> = candidates.iter().map(|_| Vec::new()).collect();
        for _ in 0..self.rounds {
            for (candidate, list) in candidates.iter().zip(&mut measured) {
                list.push(candidate()?);
            }
        }
        Ok(measured)
    }

    /// Creates a folder for databases and logs.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch.join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }
}
