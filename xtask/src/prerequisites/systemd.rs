//! `systemd-analyze`, which checks the systemd unit.

use std::path::Path;

use anyhow::Result;

use super::{Provided, packages};
use crate::shell;

/// Finds or installs it. systemd itself is not started.
pub(super) fn provide(_root: &Path) -> Result<Provided> {
    if shell::try_read("systemd-analyze", &["--version"]).is_none() {
        packages::install(&["systemd"])?;
    }
    Ok(Provided { variables: Vec::new(), running: None })
}
