//! Programs installed with Cargo, each in a fixed version.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;

/// A program that `cargo install` provides.
pub(crate) struct Tool {
    /// Name of the program and of its package.
    pub(crate) name: &'static str,
    /// The only version that is accepted.
    pub(crate) version: &'static str,
    /// Additional arguments for `cargo install`.
    pub(crate) options: &'static [&'static str],
}

/// Returns the path of a program: on the search path, or below `target`, where it is installed if
/// missing.
///
/// # Errors
///
/// Fails if it cannot be built.
pub(crate) fn provide(root: &Path, tool: &Tool) -> Result<PathBuf> {
    if has_version(tool, tool.name) {
        return Ok(tool.name.into());
    }
    let folder = shell::target(root).join("tools");
    let program = folder.join("bin").join(tool.name);
    if !program.to_str().is_some_and(|program| has_version(tool, program)) {
        let Tool { name, version, options } = tool;
        eprintln!("installing {name} {version} with cargo, which takes minutes");
        let install = ["install", name, "--version", version, "--locked", "--root"];
        shell::run(shell::cargo(root).args(install).arg(&folder).args(*options))?;
    }
    Ok(program)
}

/// Returns `true` if a program exists and reports the required version.
fn has_version(tool: &Tool, program: &str) -> bool {
    let output = shell::try_read(program, &["--version"]);
    let version = output.as_deref().and_then(|output| output.split_whitespace().last());
    version.is_some_and(|version| version.trim_start_matches('v') == tool.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_versions_are_rejected() {
        let cargo = shell::try_read("cargo", &["--version"]).unwrap();
        // In `cargo 1.2.3 (0123abcd 2026-01-01)` the last word is not a version.
        assert!(
            !has_version(&Tool { name: "cargo", version: "1.0.0", options: &[] }, "cargo"),
            "{cargo}"
        );
        assert!(!has_version(
            &Tool { name: "x", version: "1", options: &[] },
            "no-such-program-anywhere"
        ));
    }
}
