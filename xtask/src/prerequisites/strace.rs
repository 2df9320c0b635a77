//! strace, for the tests of the order of system calls.

use std::path::Path;

use anyhow::{Result, bail};

use super::{Provided, packages};
use crate::shell;

/// Finds or installs the program, and checks that it has permission to trace.
pub(super) fn provide(_root: &Path) -> Result<Provided> {
    if shell::try_read("strace", &["--version"]).is_none() {
        packages::install(&["strace"])?;
    }
    // Many containers forbid tracing.
    if shell::try_read("strace", &["-f", "-o", "/dev/null", "true"]).is_none() {
        bail!("installed, but not permitted to trace");
    }
    Ok(Provided { variables: Vec::new(), running: None })
}
