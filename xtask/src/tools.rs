//! Programs that come with Cargo, each in one version.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;

/// A program, and how it is built.
pub(crate) struct Tool {
    /// Of the program and of its package.
    pub(crate) name: &'static str,
    /// No other is taken.
    pub(crate) version: &'static str,
    /// Further words for `cargo install`.
    pub(crate) options: &'static [&'static str],
}

/// Where the program is: on the search path, or installed below `target`, now if need be.
///
/// # Errors
///
/// When it does not build.
pub(crate) fn installed(root: &Path, tool: &Tool) -> Result<PathBuf> {
    if is_right(tool, tool.name) {
        return Ok(tool.name.into());
    }
    let folder = shell::target(root).join("tools");
    let program = folder.join("bin").join(tool.name);
    if !program.to_str().is_some_and(|program| is_right(tool, program)) {
        let Tool { name, version, options } = tool;
        eprintln!("not installed: {name} {version}; installing with cargo, which takes minutes");
        let install = ["install", name, "--version", version, "--locked", "--root"];
        shell::run(shell::cargo(root).args(install).arg(&folder).args(*options))?;
    }
    Ok(program)
}

/// Whether a program is there, and says that it is of this version.
fn is_right(tool: &Tool, program: &str) -> bool {
    let answer = shell::ask(program, &["--version"]);
    let version = answer.as_deref().and_then(|answer| answer.split_whitespace().last());
    version.is_some_and(|version| version.trim_start_matches('v') == tool.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_not_taken() {
        let cargo = shell::ask("cargo", &["--version"]).unwrap();
        // cargo 1.2.3 (0123abcd 2026-01-01): what stands last is no version.
        assert!(
            !is_right(&Tool { name: "cargo", version: "1.0.0", options: &[] }, "cargo"),
            "{cargo}"
        );
        assert!(!is_right(
            &Tool { name: "x", version: "1", options: &[] },
            "no-such-program-anywhere"
        ));
    }
}
