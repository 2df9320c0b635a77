//! The programs that are measured, and the one that puts load on them.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;

/// The load generator, in the version the figures were made with.
const OHA: &str = "1.16.0";

/// Where the programs are.
pub(super) struct Programs {
    pub(super) service: PathBuf,
    pub(super) floors: PathBuf,
    pub(super) oha: PathBuf,
}

/// Builds what is measured as it is shipped, and gets the load generator where there will be load.
///
/// # Errors
///
/// When something does not build.
pub(super) fn build(root: &Path, makes_load: bool) -> Result<Programs> {
    let build = ["build", "--release", "--locked", "-p", "vestibule", "-p", "vestibule-bench"];
    shell::run(shell::cargo(root).args(build))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let release = target.join("release");
    Ok(Programs {
        service: release.join("vestibule"),
        floors: release.join("vestibule-bench"),
        oha: if makes_load { oha(root, &target)? } else { PathBuf::new() },
    })
}

fn oha(root: &Path, target: &Path) -> Result<PathBuf> {
    let is_right = |program: &str| {
        shell::ask(program, &["--version"]).is_some_and(|version| version.ends_with(OHA))
    };
    if is_right("oha") {
        return Ok("oha".into());
    }
    let folder = target.join("bench");
    let program = folder.join("bin/oha");
    if !program.to_str().is_some_and(is_right) {
        eprintln!("not installed: oha {OHA}; installing with cargo, which takes minutes");
        let install = ["install", "oha", "--version", OHA, "--locked", "--root"];
        shell::run(shell::cargo(root).args(install).arg(&folder))?;
    }
    Ok(program)
}
