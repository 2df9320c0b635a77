//! Programs in other languages that use a real service.
//!
//! `cargo xtask test` installs their packages and sets `VESTIBULE_TEST_NODE` and
//! `VESTIBULE_TEST_PYTHON` to their folders.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

/// Time limit for a compiler on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// The API document.
pub(crate) const DOCUMENT: &str = "docs/openapi.json";

/// A path in the repository, relative to its root.
pub(crate) fn in_tree(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

/// A temporary folder for programs.
pub(crate) struct Workshop {
    folder: TempDir,
}

/// The output of a program.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) success: bool,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Workshop {
    /// Creates a folder with copies of files of a folder of the repository.
    pub(crate) fn with(folder: &str, files: &[&str]) -> Self {
        let workshop = Self { folder: tempfile::tempdir().unwrap() };
        for file in files {
            let (from, to) = (in_tree(folder).join(file), workshop.path(file));
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(&from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
        workshop
    }

    /// Links the npm packages into a folder, as if npm had installed them there.
    pub(crate) fn with_packages(self, name: &str, folder: &str) -> Self {
        let modules = installed("VESTIBULE_TEST_NODE").join(name).join("node_modules");
        std::os::unix::fs::symlink(modules, self.path(folder).join("node_modules")).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command without the settings and proxies of this machine.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("NO_COLOR", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
            .kill_on_drop(true);
        command
    }

    /// A program of the npm packages in a folder.
    pub(crate) fn npm_program(&self, folder: &str, name: &str) -> Command {
        let mut command = self.command(self.path(folder).join("node_modules/.bin").join(name));
        command.current_dir(self.path(folder));
        command
    }

    /// A program of a Python environment.
    pub(crate) fn python_program(&self, environment: &str, name: &str) -> Command {
        self.command(installed("VESTIBULE_TEST_PYTHON").join(environment).join("bin").join(name))
    }
}

fn installed(variable: &str) -> PathBuf {
    let folder = std::env::var_os(variable);
    let what = || panic!("{variable} for the tests; `cargo xtask test` installs it");
    folder.map_or_else(what, PathBuf::from)
}

/// Runs a program to its end.
pub(crate) async fn run(command: &mut Command) -> Said {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("an end in time");
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (success, errors) = (output.status.success(), text(output.stderr));
    Said { success, output: text(output.stdout), errors }
}

/// Runs a program, asserts that it succeeds and returns its output.
pub(crate) async fn insist(command: &mut Command) -> String {
    let said = run(command).await;
    let text = format!("{}{}", said.output, said.errors);
    assert!(said.success, "{command:?}\n{text}");
    text
}
