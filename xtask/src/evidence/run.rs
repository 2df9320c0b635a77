//! Running the tests that are experiments, and reading what they leave.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};

use super::line::{self, Line};
use crate::needs::Needs;
use crate::shell;

/// The service that is experimented with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// As `cargo test` builds it.
    Tested,
    /// As it is shipped.
    Shipped,
    /// With faults to choose from, in a folder of its own: it must not lie where the real one does.
    WithFaults(Option<&'static str>),
}

/// One run of some tests.
pub(super) struct Run<'a> {
    pub(super) root: &'a Path,
    pub(super) needs: &'a Needs,
    pub(super) subject: Subject,
    /// Parts of the names of the tests.
    pub(super) tests: &'a [&'static str],
    pub(super) short: bool,
}

/// What came of a run.
pub(super) struct Outcome {
    pub(super) lines: Vec<Line>,
    /// Whether every test passed; one that does not compile, or leaves no line, is a failure too.
    pub(super) success: bool,
}

impl Run<'_> {
    /// Runs the tests one after the other: what they measure must not be each other.
    ///
    /// # Errors
    ///
    /// When Cargo cannot be started.
    pub(super) fn start(&self) -> Result<Outcome> {
        let out = folder(self.root)?.join(format!("run-{}.jsonl", std::process::id()));
        let mut command = shell::cargo(self.root);
        command.args(["test", "--locked", "--package=vestibule", "--test=blackbox"]);
        match self.subject {
            Subject::Tested => {}
            Subject::Shipped => drop(command.arg("--release")),
            Subject::WithFaults(fault) => {
                let target = shell::target(self.root).join("faults");
                command.arg("--features=fault-injection").arg("--target-dir").arg(target);
                if let Some(fault) = fault {
                    command.env("VESTIBULE_FAULT", fault);
                }
            }
        }
        command.args(["--", "--test-threads=1"]).args(self.tests);
        for skip in &self.needs.skips {
            command.args(["--skip", skip]);
        }
        command
            .envs(self.needs.variables.iter().cloned())
            .env("VESTIBULE_EVIDENCE", if self.short { "short" } else { "full" })
            .env("VESTIBULE_EVIDENCE_COMMIT", commit())
            .env("VESTIBULE_EVIDENCE_OUT", &out)
            // Standard output is for the lines.
            .stdout(Stdio::from(std::io::stderr()));
        let status = command.status().context("cannot start cargo")?;
        let lines = line::read(&out)?;
        if out.exists() {
            fs::remove_file(&out)?;
        }
        Ok(Outcome { lines, success: status.success() })
    }
}

/// Where runs leave their lines.
pub(super) fn folder(root: &Path) -> Result<PathBuf> {
    let folder = shell::target(root).join("evidence");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// What is experimented with: a commit, and whether anything was changed since.
fn commit() -> String {
    shell::ask("git", &["describe", "--always", "--dirty", "--exclude=*"]).unwrap_or_default()
}
