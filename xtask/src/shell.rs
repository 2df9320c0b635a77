//! Running other programs.
//!
//! Errors contain the whole command line, so that it can be repeated by hand.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Creates a command for Cargo: the one that started this program, if there is one.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    // Set by the Cargo that started this program. Build scripts that depend on these variables
    // would run again, and rebuild much of the tree, after every direct call of Cargo.
    command.current_dir(root).env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_MANIFEST_PATH");
    command
}

/// Returns the target folder, for the output of Cargo and of xtask.
pub(crate) fn target(root: &Path) -> PathBuf {
    resolve_target(root, std::env::var_os("CARGO_TARGET_DIR"))
}

/// Resolves the target folder against the root, where Cargo is started.
///
/// The result is absolute because tests run in other folders.
fn resolve_target(root: &Path, choice: Option<OsString>) -> PathBuf {
    root.join(choice.unwrap_or_else(|| "target".into()))
}

/// Returns Cargo's metadata of the workspace members.
///
/// # Errors
///
/// Fails if Cargo fails or does not print JSON.
pub(crate) fn metadata(root: &Path) -> Result<Value> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--locked"];
    let output = read(cargo(root).args(arguments))?;
    serde_json::from_str(&output).context("invalid JSON from cargo metadata")
}

/// Runs a program that inherits the terminal.
///
/// # Errors
///
/// Fails if it cannot be started or exits with an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status =
        command.status().with_context(|| format!("cannot start `{}`", display(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", display(command));
    }
    Ok(())
}

/// Runs a program and returns its output; its error output goes to the terminal.
///
/// # Errors
///
/// Fails if it cannot be started, exits with an error, or prints invalid UTF-8.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", display(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", display(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed invalid UTF-8", display(command)))
}

/// Runs a program without showing its output; an error contains all of it.
///
/// # Errors
///
/// Fails if it cannot be started or exits with an error.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", display(command)))?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({})\n{}{}",
            display(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    Ok(())
}

/// Returns the trimmed output of a program, or `None` if it is missing or fails.
pub(crate) fn try_read(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Formats a command as typed in a shell.
fn display(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut text = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        let _ = write!(text, " {}", argument.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_contains_the_command_and_its_output() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo the reason >&2; exit 3"]);
        let error = run_quietly(&mut command).unwrap_err().to_string();
        assert!(error.starts_with("`sh -c echo the reason"), "{error}");
        assert!(error.ends_with("the reason\n"), "{error}");
    }

    #[test]
    fn the_target_folder_is_absolute() {
        let found = |choice: Option<&str>| resolve_target(Path::new("/a"), choice.map(Into::into));
        assert_eq!(found(None), Path::new("/a/target"));
        assert_eq!(found(Some("b")), Path::new("/a/b"));
        assert_eq!(found(Some("/c")), Path::new("/c"));
    }

    #[test]
    fn a_missing_or_failing_program_has_no_output() {
        assert_eq!(try_read("no-such-program-anywhere", &[]), None);
        assert_eq!(try_read("sh", &["-c", "exit 1"]), None);
        assert_eq!(try_read("sh", &["-c", "echo yes"]).as_deref(), Some("yes"));
    }
}
