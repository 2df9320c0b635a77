//! The programs under test and the load generator.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;
use crate::tools::{self, Tool};

/// The load generator, in the version of the published figures.
const OHA: Tool = Tool { name: "oha", version: "1.16.0", options: &[] };

/// Paths of the programs.
pub(super) struct Programs {
    pub(super) service: PathBuf,
    pub(super) baselines: PathBuf,
    pub(super) oha: PathBuf,
}

/// Builds the service and the baselines with the profile `dist`, and installs the load generator if
/// `makes_load` is `true`.
///
/// # Errors
///
/// Fails if a program cannot be built.
pub(super) fn build(root: &Path, makes_load: bool) -> Result<Programs> {
    let build = ["build", "--profile=dist", "--locked", "-p", "vestibule", "-p", "vestibule-bench"];
    shell::run(shell::cargo(root).args(build))?;
    let folder = shell::target(root).join("dist");
    Ok(Programs {
        service: folder.join("vestibule"),
        baselines: folder.join("vestibule-bench"),
        oha: if makes_load { tools::provide(root, &OHA)? } else { PathBuf::new() },
    })
}
