//! nginx and Caddy, for the tests of the example configurations.

use std::path::Path;

use anyhow::Result;

use super::{Provided, packages};
use crate::shell;

/// Finds or installs both.
pub(super) fn provide(_root: &Path) -> Result<Provided> {
    let is_installed = |program: &str, argument: &str| {
        [program.to_owned(), format!("/usr/sbin/{program}")]
            .iter()
            .any(|program| shell::try_read(program, &[argument]).is_some())
    };
    if !is_installed("nginx", "-v") {
        packages::install(&["nginx-light"])?;
    }
    if !is_installed("caddy", "version") {
        packages::install(&["caddy"])?;
    }
    Ok(Provided { variables: Vec::new(), running: None })
}
