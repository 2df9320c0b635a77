//! The programs that are measured, and the one that puts load on them.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;
use crate::tools::{self, Tool};

/// The load generator, in the version the figures were made with.
const OHA: Tool = Tool { name: "oha", version: "1.16.0", options: &[] };

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
    let release = shell::target(root).join("release");
    Ok(Programs {
        service: release.join("vestibule"),
        floors: release.join("vestibule-bench"),
        oha: if makes_load { tools::installed(root, &OHA)? } else { PathBuf::new() },
    })
}
