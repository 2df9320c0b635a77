//! The experiments behind what is promised: running them, at full scale or with a fault, and
//! publishing what they measured.

mod line;
mod mutants;
mod report;
mod run;
mod table;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::needs::{self, Needs, Suites};
use run::{Run, Subject, folder};
use table::{EXPERIMENTS, Experiment};

/// Which experiments, and how.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Their ids; none are all.
    pub(crate) ids: Vec<String>,
    /// At the scale of the test suite.
    pub(crate) short: bool,
    /// Write `docs/evidence.md` afterwards.
    pub(crate) report: bool,
    /// The mutants instead of the experiments.
    pub(crate) mutants: bool,
}

impl Options {
    fn wants(&self, id: &str) -> bool {
        self.ids.is_empty() || self.ids.iter().any(|wanted| is_part_of(wanted, id))
    }
}

/// `E04` is also each of its parts, such as `E04a`.
fn is_part_of(wanted: &str, id: &str) -> bool {
    let rest = id.get(..wanted.len()).filter(|start| start.eq_ignore_ascii_case(wanted));
    rest.is_some() && !id[wanted.len()..].starts_with(|next: char| next.is_ascii_digit())
}

/// Whether an experiment, or parts of one, have this id.
pub(crate) fn is_experiment(id: &str) -> bool {
    EXPERIMENTS.iter().any(|known| is_part_of(id, known.id))
}

/// Runs what was asked for. Lines go to standard output, everything else to the terminal.
///
/// # Errors
///
/// When there is no such experiment, when Cargo cannot be started, or when mutants are to be caught
/// by tests that fail without them. An experiment that fails shows in the exit code, and so does a
/// mutant that survives.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    for id in &options.ids {
        if !is_experiment(id) {
            let known: Vec<&str> = EXPERIMENTS.iter().map(|known| known.id).collect();
            bail!("there is no experiment `{id}`, but there are {}", known.join(", "));
        }
    }
    let needs = needs::meet(root, Suites { cargo: true, browser: false });
    for missing in &needs.missing {
        eprintln!("missing: {missing}; what needs it is left out");
    }
    let success = if options.mutants {
        mutants::run(root, &needs, |id| options.wants(id))?
    } else {
        experiments(root, &needs, options)?
    };
    if options.report {
        let folder = folder(root)?;
        let lines = line::read(&folder.join("experiments.jsonl"))?;
        report::write(root, &lines, &line::read(&folder.join("mutants.jsonl"))?)?;
        eprintln!("written: {}", report::REPORT);
    }
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn experiments(root: &Path, needs: &Needs, options: &Options) -> Result<bool> {
    let mut failed = Vec::new();
    for known in EXPERIMENTS.iter().filter(|known| options.wants(known.id)) {
        eprintln!("== {}", known.id);
        let subject = subject(known, options.short);
        let run = Run { root, needs, subject, tests: known.tests, short: options.short };
        let outcome = run.start()?;
        for line in &outcome.lines {
            println!("{line}");
        }
        line::keep(&folder(root)?.join("experiments.jsonl"), &outcome.lines)?;
        let is_silent = outcome.lines.is_empty() && needs.skips.is_empty();
        if is_silent || !outcome.success || !outcome.lines.iter().all(line::Line::passed) {
            failed.push(known.id);
        }
    }
    if !failed.is_empty() {
        eprintln!("error: failed: {}", failed.join(", "));
    }
    Ok(failed.is_empty())
}

/// Figures are those of what is shipped; the short form is the one of the test suite.
fn subject(known: &Experiment, short: bool) -> Subject {
    if known.sets_the_clock {
        Subject::WithFaults(None)
    } else if short {
        Subject::Tested
    } else {
        Subject::Shipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_experiment_are_meant_with_it() {
        assert!(is_part_of("E04", "E04a"));
        assert!(is_part_of("e04a", "E04a"));
        assert!(is_part_of("E04", "E04"));
        assert!(!is_part_of("E04b", "E04a"));
        assert!(!is_part_of("E0", "E04"));
        assert!(!is_part_of("E04a", "E04"));
    }
}
