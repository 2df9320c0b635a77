//! Running other programs.
//!
//! A program that fails becomes an error that shows the whole command, ready to be repeated by hand.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Cargo itself, the one that started this program where there is one.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    // What the Cargo that started this program has set for it: build scripts that look at it would
    // run again, and half the tree with them, whenever somebody calls Cargo by hand in between.
    command.current_dir(root).env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_MANIFEST_PATH");
    command
}

/// Where Cargo puts what it makes, and we what we make and get.
pub(crate) fn target(root: &Path) -> PathBuf {
    chosen_target(root, std::env::var_os("CARGO_TARGET_DIR"))
}

/// From the root, as `cargo` starts Cargo there, and never relative, as tests run in other folders.
fn chosen_target(root: &Path, choice: Option<OsString>) -> PathBuf {
    root.join(choice.unwrap_or_else(|| "target".into()))
}

/// What Cargo knows about the members of the workspace.
///
/// # Errors
///
/// When Cargo does not answer, or not in JSON.
pub(crate) fn metadata(root: &Path) -> Result<Value> {
    let question = ["metadata", "--format-version", "1", "--no-deps", "--locked"];
    let answer = read(cargo(root).args(question))?;
    serde_json::from_str(&answer).context("cargo metadata is not JSON")
}

/// Runs a program with this terminal as its own.
///
/// # Errors
///
/// When it cannot be started or does not succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a program and answers with what it printed; its error output goes to this terminal.
///
/// # Errors
///
/// When it cannot be started, does not succeed, or prints something that is not UTF-8.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", shown(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed something that is not UTF-8", shown(command)))
}

/// Runs a program in silence; when it fails, the error carries everything it said.
///
/// # Errors
///
/// When it cannot be started or does not succeed.
pub(crate) fn quietly(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({})\n{}{}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    Ok(())
}

/// What a program prints, or nothing at all if it is missing or fails.
pub(crate) fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
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
    fn a_failure_shows_the_command_and_what_it_said() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo that is why >&2; exit 3"]);
        let error = quietly(&mut command).unwrap_err().to_string();
        assert!(error.starts_with("`sh -c echo that is why"), "{error}");
        assert!(error.ends_with("that is why\n"), "{error}");
    }

    #[test]
    fn the_target_folder_may_be_anywhere() {
        let found = |choice: Option<&str>| chosen_target(Path::new("/a"), choice.map(Into::into));
        assert_eq!(found(None), Path::new("/a/target"));
        assert_eq!(found(Some("b")), Path::new("/a/b"));
        assert_eq!(found(Some("/c")), Path::new("/c"));
    }

    #[test]
    fn a_missing_program_answers_nothing() {
        assert_eq!(ask("no-such-program-anywhere", &[]), None);
        assert_eq!(ask("sh", &["-c", "exit 1"]), None);
        assert_eq!(ask("sh", &["-c", "echo yes"]).as_deref(), Some("yes"));
    }
}
