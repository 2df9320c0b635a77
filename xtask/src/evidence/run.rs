//! Running the tests of experiments and reading their results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};

use super::result_line::{self, ResultLine};
use crate::prerequisites::Prerequisites;
use crate::shell;

/// The build of the service under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Build {
    /// The default profile of `cargo test`.
    Dev,
    /// The profile `dist`, as released.
    Dist,
    /// With fault injection and an optional fault, in a separate target folder so that it cannot be
    /// mistaken for a normal build.
    FaultInjection(Option<&'static str>),
}

/// A run of some tests.
pub(super) struct Run<'a> {
    pub(super) root: &'a Path,
    pub(super) prerequisites: &'a Prerequisites,
    pub(super) build: Build,
    /// Parts of the names of the tests.
    pub(super) tests: &'a [&'static str],
    pub(super) short: bool,
}

/// Results of a run.
pub(super) struct Outcome {
    pub(super) lines: Vec<ResultLine>,
    /// `true` if all tests compiled and passed.
    pub(super) success: bool,
}

impl Run<'_> {
    /// Runs the tests sequentially, so that they do not affect each other's measurements.
    ///
    /// # Errors
    ///
    /// Fails if Cargo cannot be started or the results cannot be read.
    pub(super) fn start(&self) -> Result<Outcome> {
        let out = folder(self.root)?.join(format!("run-{}.jsonl", std::process::id()));
        let mut command = shell::cargo(self.root);
        command.args(["test", "--locked", "--package=vestibule", "--test=blackbox"]);
        match self.build {
            Build::Dev => {}
            Build::Dist => drop(command.arg("--profile=dist")),
            Build::FaultInjection(fault) => {
                let target = shell::target(self.root).join("faults");
                command.arg("--features=fault-injection").arg("--target-dir").arg(target);
                if let Some(fault) = fault {
                    command.env("VESTIBULE_FAULT", fault);
                }
            }
        }
        command.args(["--", "--test-threads=1"]).args(self.tests);
        for skip in &self.prerequisites.skips {
            command.args(["--skip", skip]);
        }
        command
            .envs(self.prerequisites.variables.iter().cloned())
            .env("VESTIBULE_EVIDENCE", if self.short { "short" } else { "full" })
            .env("VESTIBULE_EVIDENCE_COMMIT", commit())
            .env("VESTIBULE_EVIDENCE_OUT", &out)
            // Standard output is reserved for the results.
            .stdout(Stdio::from(std::io::stderr()));
        let status = command.status().context("cannot start cargo")?;
        let lines = result_line::read(&out)?;
        if out.exists() {
            fs::remove_file(&out)?;
        }
        Ok(Outcome { lines, success: status.success() })
    }
}

/// Returns the folder of the results, and creates it if necessary.
pub(super) fn folder(root: &Path) -> Result<PathBuf> {
    let folder = shell::target(root).join("evidence");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Returns the commit, marked if there are uncommitted changes.
fn commit() -> String {
    shell::try_read("git", &["describe", "--always", "--dirty", "--exclude=*"]).unwrap_or_default()
}
