//! The program that says what systemd makes of a unit.

use std::path::Path;

use anyhow::Result;

use super::{Met, packages};
use crate::shell;

/// Finds it, or installs it with the rest of systemd, which is not started.
pub(super) fn meet(_root: &Path) -> Result<Met> {
    if shell::ask("systemd-analyze", &["--version"]).is_none() {
        packages::install(&["systemd"])?;
    }
    Ok(Met { variables: Vec::new(), running: None })
}
