//! Mutants: the service with one injected fault, which the experiments must detect.

use std::path::Path;

use anyhow::{Result, bail};

use super::result_line::{self, ResultLine};
use super::run::{Build, Run, folder};
use super::table::{MUTANTS, Mutant};
use crate::prerequisites::Prerequisites;

/// Runs the mutants of the selected experiments; returns `true` if all were detected.
///
/// The tests first run without a fault: a test that fails anyway does not count as detection.
///
/// # Errors
///
/// Fails if Cargo cannot be started, or if the service with fault injection does not compile.
pub(super) fn run(
    root: &Path,
    prerequisites: &Prerequisites,
    is_selected: impl Fn(&str) -> bool,
) -> Result<bool> {
    let selected: Vec<&Mutant> =
        MUTANTS.iter().filter(|mutant| is_selected(mutant.experiment)).collect();
    let mut tests: Vec<&str> = selected.iter().flat_map(|mutant| mutant.tests).copied().collect();
    tests.sort_unstable();
    tests.dedup();
    let run = |fault, tests: &[&'static str]| {
        let build = Build::FaultInjection(fault);
        Ok::<_, anyhow::Error>(
            Run { root, prerequisites, build, tests, short: true }.start()?.lines,
        )
    };
    let control = run(None, &tests)?;
    if control.is_empty() && !tests.is_empty() {
        bail!("no experiment ran without a fault");
    }
    for line in control.iter().filter(|line| !line.passed()) {
        eprintln!("fails without a fault: {line}");
    }
    let mut table = String::new();
    let mut survivors = 0;
    for mutant in selected {
        let lines = run(Some(mutant.fault), mutant.tests)?;
        let (is_detected, verdict) = judge(&lines, &control);
        survivors += usize::from(!is_detected);
        let lines: Vec<ResultLine> =
            lines.into_iter().map(|line| line.with_fault(mutant.fault)).collect();
        result_line::save(&folder(root)?.join("mutants.jsonl"), &lines)?;
        let row = format!("{:4} {:22} {verdict}\n", mutant.experiment, mutant.fault);
        eprint!("{row}");
        table.push_str(&row);
    }
    print!("{table}");
    if survivors > 0 {
        eprintln!("error: {survivors} mutants survived");
    }
    Ok(survivors == 0)
}

/// Returns `true` if a mutant was detected, and a description.
///
/// Only tests that pass without the fault count.
fn judge(lines: &[ResultLine], control: &[ResultLine]) -> (bool, String) {
    let passes_without =
        |line: &&ResultLine| control.iter().any(|other| other.is_same_test(line) && other.passed());
    let valid: Vec<&ResultLine> = lines.iter().filter(passes_without).collect();
    let caught: Vec<&&ResultLine> = valid.iter().filter(|line| !line.passed()).collect();
    match caught.first() {
        Some(line) => {
            let (database, why) = (line.text("backend"), line.text("why"));
            (true, format!("detected by {} of {}: {database}: {why}", caught.len(), valid.len()))
        }
        None if valid.is_empty() => {
            (false, "UNPROVEN: its tests fail without the fault".to_owned())
        }
        None => (false, "SURVIVED".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(backend: &str, pass: bool) -> ResultLine {
        ResultLine::parse(&format!(
            r#"{{"id":"E02","title":"a","backend":"{backend}","pass":{pass},"why":"two"}}"#
        ))
        .unwrap()
    }

    #[test]
    fn only_tests_that_pass_without_the_fault_detect_a_mutant() {
        let control = [line("SQLite", true), line("PostgreSQL", false)];
        let found = judge(&[line("SQLite", false), line("PostgreSQL", false)], &control);
        assert_eq!(found, (true, "detected by 1 of 1: SQLite: two".to_owned()));
        assert!(!judge(&[line("SQLite", true), line("PostgreSQL", false)], &control).0);
        let unproven = judge(&[line("PostgreSQL", false)], &control);
        assert_eq!(unproven, (false, "UNPROVEN: its tests fail without the fault".to_owned()));
        assert!(!judge(&[], &control).0);
    }
}
