//! Everything CI does, in CI's order, stopping at the first failure.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::{book, generated, layers, package, shell, test, tidy};

type Step = fn(&Path) -> Result<()>;

/// Cheap before dear, so that the common mistakes show in seconds.
const STEPS: [(&str, Step); 10] = [
    ("fmt", fmt),
    ("tidy", tidy::run),
    ("layers", layers::run),
    ("clippy", clippy),
    ("docs", docs),
    ("package", package::run),
    ("openapi", |root| generated::OPENAPI.run(root, true)),
    ("config", |root| generated::CONFIG.run(root, true)),
    ("book", |root| book::run(root, true)),
    ("deny", deny),
];

/// Runs all steps, and the tests if they are wanted.
///
/// # Errors
///
/// When a step fails; those after it have not run.
/// Failed tests show in the exit code.
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
    eprintln!("check: ok, the tests were left out");
    Ok(ExitCode::SUCCESS)
}

fn fmt(root: &Path) -> Result<()> {
    shell::run(shell::cargo(root).args(["fmt", "--all", "--check"]))
        .context("`cargo fmt --all` puts it right")
}

/// The workspace as it is shipped, and then what only mutants are built with.
fn clippy(root: &Path) -> Result<()> {
    for features in ["", "vestibule/fault-injection"] {
        shell::run(shell::cargo(root).args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--features",
            features,
            "--",
            "-D",
            "warnings",
        ]))?;
    }
    Ok(())
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
    if shell::ask("cargo-deny", &["--version"]).is_none() {
        eprintln!("skipped: cargo-deny is not installed (`cargo install --locked cargo-deny`)");
        return Ok(());
    }
    shell::run(shell::cargo(root).args(["deny", "--locked", "check"]))
}
