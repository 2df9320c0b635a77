//! `cargo xtask check`: all CI checks in CI's order, stopping at the first failure.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::{book, generated, layers, package, shell, test, tidy};

type Step = fn(&Path) -> Result<()>;

/// The steps in their order. Fast steps come first, so that common mistakes show in seconds.
///
/// The book is last: it fails without a network or mdBook, which must not prevent the other steps.
const STEPS: [(&str, Step); 11] = [
    ("fmt", fmt),
    ("tidy", tidy::run),
    ("layers", layers::run),
    ("clippy", clippy),
    ("features", features),
    ("docs", docs),
    ("package", package::run),
    ("openapi", |root| generated::OPENAPI.run(root, true)),
    ("config", |root| generated::CONFIG.run(root, true)),
    ("deny", deny),
    ("book", |root| book::run(root, true)),
];

/// Clippy arguments for the whole workspace, without and with fault injection.
const WORKSPACE: [&str; 2] =
    ["--workspace --all-targets", "--workspace --all-targets --features vestibule/fault-injection"];

/// Clippy arguments for crates without `redis` and `smtp`, which the server enables for the whole
/// workspace.
const WITHOUT_FEATURES: [&str; 4] = [
    "-p vestibule-limits --no-default-features --all-targets",
    "-p vestibule-testkit --no-default-features",
    "-p vestibule-verify --no-default-features --all-targets",
    "-p vestibule-verify --features fetch --all-targets",
];

/// Runs all steps, and the tests if `with_tests` is `true`.
///
/// Failed tests are reported by the exit code.
///
/// # Errors
///
/// Fails if a step fails; later steps do not run.
pub(crate) fn run(root: &Path, with_tests: bool) -> Result<ExitCode> {
    for (name, step) in STEPS {
        eprintln!("== {name}");
        let start = Instant::now();
        step(root).with_context(|| format!("check stopped at `{name}`"))?;
        eprintln!("== {name}: ok, {:.1} s", start.elapsed().as_secs_f32());
    }
    if with_tests {
        eprintln!("== test");
        return test::run(root, &test::Options::default());
    }
    eprintln!("check: ok, tests skipped");
    Ok(ExitCode::SUCCESS)
}

fn fmt(root: &Path) -> Result<()> {
    shell::run(shell::cargo(root).args(["fmt", "--all", "--check"]))
        .context("run `cargo fmt --all`")
}

fn clippy(root: &Path) -> Result<()> {
    WORKSPACE.iter().try_for_each(|words| shell::run(&mut lint(root, words)))
}

fn features(root: &Path) -> Result<()> {
    WITHOUT_FEATURES.iter().try_for_each(|words| shell::run(&mut lint(root, words)))
}

fn lint(root: &Path, words: &str) -> Command {
    let mut cargo = shell::cargo(root);
    cargo.arg("clippy").args(words.split(' ')).args(["--locked", "--", "-D", "warnings"]);
    cargo
}

fn docs(root: &Path) -> Result<()> {
    shell::run(shell::cargo(root).env("RUSTDOCFLAGS", "-D warnings").args([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--locked",
    ]))
}

fn deny(root: &Path) -> Result<()> {
    if shell::try_read("cargo-deny", &["--version"]).is_none() {
        eprintln!("skipped: cargo-deny is not installed (`cargo install --locked cargo-deny`)");
        return Ok(());
    }
    shell::run(shell::cargo(root).args(["deny", "--locked", "check"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arguments, tree};

    fn read(path: &str) -> String {
        std::fs::read_to_string(tree::root().join(path)).unwrap()
    }

    #[test]
    fn the_help_and_the_guide_list_the_steps_in_order() {
        let words = ["check", "--help"].map(str::to_owned);
        let Ok(arguments::Command::Help(help)) = arguments::parse(&words) else {
            panic!("there is no help");
        };
        for (name, text) in [("help", help), ("CONTRIBUTING.md", &read("CONTRIBUTING.md"))] {
            let mut rest = text.split_once("fmt").unwrap_or_else(|| panic!("{name}")).1;
            for (step, _) in &STEPS[1..] {
                rest = rest.split_once(step).unwrap_or_else(|| panic!("{name}: {step}")).1;
            }
        }
    }

    #[test]
    fn the_book_is_the_last_step() {
        assert_eq!(STEPS.last().map(|(name, _)| *name), Some("book"));
    }

    #[test]
    fn ci_runs_the_same_lints() {
        let workflow = read(".github/workflows/ci.yml");
        for words in WORKSPACE.iter().chain(&WITHOUT_FEATURES) {
            let run = format!("- run: cargo clippy {words} --locked -- -D warnings\n");
            assert!(workflow.contains(&run), "{run}");
        }
        assert_eq!(workflow.matches("cargo clippy").count(), 6);
    }
}
