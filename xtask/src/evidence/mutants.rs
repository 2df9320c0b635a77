//! The service with one fault at a time: a suite that does not notice proves nothing.

use std::path::Path;

use anyhow::{Result, bail};

use super::line::{self, Line};
use super::run::{Run, Subject, folder};
use super::table::{MUTANTS, Mutant};
use crate::needs::Needs;

/// Runs the mutants of these experiments and answers whether all were found.
///
/// First the tests run without a fault: one that fails anyway finds nothing.
///
/// # Errors
///
/// When Cargo cannot be started, or the service with faults does not compile.
pub(super) fn run(root: &Path, needs: &Needs, is_wanted: impl Fn(&str) -> bool) -> Result<bool> {
    let wanted: Vec<&Mutant> = MUTANTS.iter().filter(|one| is_wanted(one.experiment)).collect();
    let mut tests: Vec<&str> = wanted.iter().flat_map(|one| one.tests).copied().collect();
    tests.sort_unstable();
    tests.dedup();
    let run = |fault, tests: &[&'static str]| {
        let subject = Subject::WithFaults(fault);
        Ok::<_, anyhow::Error>(Run { root, needs, subject, tests, short: true }.start()?.lines)
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
    for mutant in wanted {
        let lines = run(Some(mutant.fault), mutant.tests)?;
        let (found, verdict) = judge(&lines, &control);
        survivors += usize::from(!found);
        let lines: Vec<Line> = lines.into_iter().map(|line| line.of_mutant(mutant.fault)).collect();
        line::keep(&folder(root)?.join("mutants.jsonl"), &lines)?;
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

/// Whether a mutant was found, and by how many of its tests: only those count that pass without it.
fn judge(lines: &[Line], control: &[Line]) -> (bool, String) {
    let passes_without =
        |line: &&Line| control.iter().any(|other| other.is_of_the_test_of(line) && other.passed());
    let sound: Vec<&Line> = lines.iter().filter(passes_without).collect();
    let caught: Vec<&&Line> = sound.iter().filter(|line| !line.passed()).collect();
    match caught.first() {
        Some(line) => {
            let (database, why) = (line.text("backend"), line.text("why"));
            (true, format!("found by {} of {}: {database}: {why}", caught.len(), sound.len()))
        }
        None if sound.is_empty() => (false, "UNPROVEN: its tests fail without it".to_owned()),
        None => (false, "SURVIVED".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(backend: &str, pass: bool) -> Line {
        Line::parse(&format!(
            r#"{{"id":"E02","title":"a","backend":"{backend}","pass":{pass},"why":"two"}}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_mutant_is_found_by_a_test_that_passes_without_it() {
        let control = [line("SQLite", true), line("PostgreSQL", false)];
        let found = judge(&[line("SQLite", false), line("PostgreSQL", false)], &control);
        assert_eq!(found, (true, "found by 1 of 1: SQLite: two".to_owned()));
        assert!(!judge(&[line("SQLite", true), line("PostgreSQL", false)], &control).0);
        let unproven = judge(&[line("PostgreSQL", false)], &control);
        assert_eq!(unproven, (false, "UNPROVEN: its tests fail without it".to_owned()));
        assert!(!judge(&[], &control).0);
    }
}
