//! `cargo xtask evidence`: runs the experiments that verify the documented guarantees, at full
//! scale or with injected faults, and publishes the results.

mod mutants;
mod report;
mod result_line;
mod run;
mod table;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::prerequisites::{self, Prerequisites, Suites};
use run::{Build, Run, folder};
use table::{EXPERIMENTS, Experiment};

/// Options of `cargo xtask evidence`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Ids of experiments; all run if it is empty.
    pub(crate) ids: Vec<String>,
    /// If `true`, the experiments run at the scale of the test suite.
    pub(crate) short: bool,
    /// If `true`, `docs/evidence.md` is written afterwards.
    pub(crate) report: bool,
    /// If `true`, the mutants run instead of the experiments.
    pub(crate) mutants: bool,
}

impl Options {
    fn selects(&self, id: &str) -> bool {
        self.ids.is_empty() || self.ids.iter().any(|selected| is_part_of(selected, id))
    }
}

/// Returns `true` if `id` is the selected experiment or a part of it: `E04` includes `E04a`.
fn is_part_of(selected: &str, id: &str) -> bool {
    let rest = id.get(..selected.len()).filter(|start| start.eq_ignore_ascii_case(selected));
    rest.is_some() && !id[selected.len()..].starts_with(|next: char| next.is_ascii_digit())
}

/// Returns `true` if there is an experiment, or a part of one, with this id.
pub(crate) fn is_experiment(id: &str) -> bool {
    EXPERIMENTS.iter().any(|known| is_part_of(id, known.id))
}

/// Runs the selected experiments or mutants.
///
/// Results go to standard output, other output to standard error. Failed experiments and surviving
/// mutants are reported by the exit code.
///
/// # Errors
///
/// Fails if an experiment is unknown, if Cargo cannot be started, or if no experiment runs without
/// a fault.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    for id in &options.ids {
        if !is_experiment(id) {
            let known: Vec<&str> = EXPERIMENTS.iter().map(|known| known.id).collect();
            bail!("unknown experiment `{id}`; known experiments are {}", known.join(", "));
        }
    }
    let prerequisites = prerequisites::provide(root, Suites { cargo: true, browser: false });
    for missing in &prerequisites.missing {
        eprintln!("missing: {missing}; skipping the tests that need it");
    }
    let success = if options.mutants {
        mutants::run(root, &prerequisites, |id| options.selects(id))?
    } else {
        experiments(root, &prerequisites, options)?
    };
    if options.report {
        let folder = folder(root)?;
        let lines = result_line::read(&folder.join("experiments.jsonl"))?;
        report::write(root, &lines, &result_line::read(&folder.join("mutants.jsonl"))?)?;
        eprintln!("written: {}", report::REPORT);
    }
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn experiments(root: &Path, prerequisites: &Prerequisites, options: &Options) -> Result<bool> {
    let mut failed = Vec::new();
    for known in EXPERIMENTS.iter().filter(|known| options.selects(known.id)) {
        eprintln!("== {}", known.id);
        let build = build(known, options.short);
        let run = Run { root, prerequisites, build, tests: known.tests, short: options.short };
        let outcome = run.start()?;
        for line in &outcome.lines {
            println!("{line}");
        }
        result_line::save(&folder(root)?.join("experiments.jsonl"), &outcome.lines)?;
        let is_silent = outcome.lines.is_empty() && prerequisites.skips.is_empty();
        if is_silent
            || !outcome.success
            || !outcome.lines.iter().all(result_line::ResultLine::passed)
        {
            failed.push(known.id);
        }
    }
    if !failed.is_empty() {
        eprintln!("error: failed experiments: {}", failed.join(", "));
    }
    Ok(failed.is_empty())
}

/// Returns the build to test: `dist` at full scale, and that of the test suite at short scale.
fn build(known: &Experiment, short: bool) -> Build {
    if known.needs_fault_injection {
        Build::FaultInjection(None)
    } else if short {
        Build::Dev
    } else {
        Build::Dist
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_includes_its_parts() {
        assert!(is_part_of("E04", "E04a"));
        assert!(is_part_of("e04a", "E04a"));
        assert!(is_part_of("E04", "E04"));
        assert!(!is_part_of("E04b", "E04a"));
        assert!(!is_part_of("E0", "E04"));
        assert!(!is_part_of("E04a", "E04"));
    }
}
