//! A look at what a process asks of the kernel, for the tests that prove an order.

use std::path::Path;

use anyhow::{Result, bail};

use super::{Met, packages};
use crate::shell;

/// Finds the program, or installs it, and makes sure that it may do its work here.
pub(super) fn meet(_root: &Path) -> Result<Met> {
    if shell::ask("strace", &["--version"]).is_none() {
        packages::install(&["strace"])?;
    }
    // Many containers forbid it.
    if shell::ask("strace", &["-f", "-o", "/dev/null", "true"]).is_none() {
        bail!("it is installed, but may not trace here");
    }
    Ok(Met { variables: Vec::new(), running: None })
}
