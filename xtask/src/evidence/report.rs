//! `docs/evidence.md`: what was promised, tried, measured, and which mutant fails it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::line::Line;
use super::table::{EXPERIMENTS, MUTANTS, Mutant};

/// Where it is, from the root.
pub(super) const REPORT: &str = "docs/evidence.md";

const HEAD: &str = "\
<!-- Written by `cargo xtask evidence --report`; do not edit. -->
# Evidence

What Vestibule promises under attack, load and failure, and what came of trying to break it.
Every line below is a test of the real binary, run at full scale by `cargo xtask evidence`, with the seed that repeats it.
A short form of each runs with every `cargo xtask test`.
\"0 of n\" says that a failure in more than 3 of n cases would have been seen with 95 % confidence.

";

const EXPERIMENT_COLUMNS: &str =
    "id | what is promised | database | n | measured | limit | kept | mutants that fail it";

const ABOUT_MUTANTS: &str = "
A test that cannot fail proves nothing.
Each fault below is built into the service on purpose, and its experiment must find it, at short scale.
";

/// Writes the report from the newest lines.
///
/// # Errors
///
/// When it cannot be written.
pub(super) fn write(root: &Path, lines: &[Line], mutants: &[Line]) -> Result<()> {
    let path = root.join(REPORT);
    fs::write(&path, render(lines, mutants))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn render(lines: &[Line], mutants: &[Line]) -> String {
    let published: Vec<&Line> = EXPERIMENTS
        .iter()
        .flat_map(|known| lines.iter().filter(|line| is_published(line, known.id)))
        .collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!("{HEAD}The machine had {cores} cores.\n");
    table(
        &mut text,
        "Experiments",
        EXPERIMENT_COLUMNS,
        published.iter().map(|line| promised(line)),
    );
    text.push_str(ABOUT_MUTANTS);
    table(&mut text, "Mutants", "fault | experiment | found | how", {
        MUTANTS.iter().map(|mutant| found(mutant, mutants))
    });
    let columns = "id | database | seed | commit | when | seconds";
    table(&mut text, "Runs", columns, published.iter().map(|line| ran(line)));
    let ran = |id: &str| published.iter().any(|line| line.text("id") == id);
    let not_run = EXPERIMENTS.iter().filter(|known| !ran(known.id)).map(|known| known.id);
    let not_run: Vec<&str> = not_run.collect();
    if !not_run.is_empty() {
        let _ = writeln!(text, "\nNot run at full scale: {}.", not_run.join(", "));
    }
    text
}

fn table(text: &mut String, title: &str, columns: &str, rows: impl Iterator<Item = String>) {
    let line = vec!["---"; columns.split('|').count()].join(" | ");
    let _ = writeln!(text, "\n## {title}\n\n| {columns} |\n| {line} |");
    for row in rows {
        let _ = writeln!(text, "| {row} |");
    }
}

fn promised(line: &Line) -> String {
    [
        line.text("id").to_owned(),
        cell(line.text("title")),
        line.text("backend").to_owned(),
        line.number("n").to_string(),
        figures(line, "measured"),
        figures(line, "limit"),
        if line.passed() { "yes" } else { "**no**" }.to_owned(),
        mutants_of(line.text("id")),
    ]
    .join(" | ")
}

fn found(mutant: &Mutant, lines: &[Line]) -> String {
    let is_of_it =
        |line: &&Line| line.text("fault") == mutant.fault && line.text("id") == mutant.experiment;
    let mut of_it = lines.iter().filter(is_of_it).peekable();
    let verdict = if of_it.peek().is_none() { "not run" } else { "**no**" };
    let (verdict, how) = match of_it.find(|line| !line.passed()) {
        Some(line) => ("yes", cell(line.text("why"))),
        None => (verdict, String::new()),
    };
    format!("`{}` | {} | {verdict} | {how}", mutant.fault, mutant.experiment)
}

fn ran(line: &Line) -> String {
    let texts = ["commit", "when"].map(|name| line.text(name).to_owned());
    let seconds = format!("{:.0}", line.number("seconds"));
    let seed = line.number("seed").to_string();
    let [id, backend] = ["id", "backend"].map(|name| line.text(name).to_owned());
    [vec![id, backend, seed], texts.to_vec(), vec![seconds]].concat().join(" | ")
}

/// Figures are published at full scale.
fn is_published(line: &Line, id: &str) -> bool {
    line.text("id") == id && line.text("scale") == "full"
}

fn figures(line: &Line, name: &str) -> String {
    let figures = line.figures(name).into_iter();
    let shown = figures.map(|(name, text)| match text.as_str() {
        limit if limit.starts_with(['=', '≤', '≥']) => format!("{} {limit}", cell(&name)),
        _ => format!("{} {text}", cell(&name)),
    });
    shown.collect::<Vec<_>>().join("<br>")
}

fn mutants_of(id: &str) -> String {
    let names = MUTANTS.iter().filter(|mutant| mutant.experiment == id);
    names.map(|mutant| format!("`{}`", mutant.fault)).collect::<Vec<_>>().join("<br>")
}

/// A text that ends no cell and begins no markup.
fn cell(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('<', "&lt;");
    text.replace('_', " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_at_full_scale_is_published() {
        let line = |scale: &str, rest: &str| {
            Line::parse(&format!(r#"{{"id":"E02","title":"a|b","scale":"{scale}",{rest}}}"#))
        };
        let full = line("full", r#""pass":true,"n":3,"measured":{"a_b":1},"limit":{"a_b":"= 1"}"#);
        let short = line("short", r#""pass":true,"n":4"#);
        let mutant = line("short", r#""fault":"skip_used_at_check","pass":false,"why":"two""#);
        let text = render(&[full.unwrap(), short.unwrap()], &[mutant.unwrap()]);
        assert!(
            text.contains("| E02 | a\\|b |  | 3 | a b 1 | a b = 1 | yes | `skip_used"),
            "{text}"
        );
        assert!(!text.contains(" | 4 | "), "{text}");
        assert!(text.contains("| `skip_used_at_check` | E02 | yes | two |"), "{text}");
        assert!(text.contains("| `no_epoch_check` | E03 | not run |  |"), "{text}");
        assert!(text.contains("Not run at full scale: E01, E03"), "{text}");
    }
}
