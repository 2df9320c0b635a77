//! The reverse proxies whose examples are tried.

use std::path::Path;

use anyhow::Result;

use super::{Met, packages};
use crate::shell;

/// Finds both, or installs them.
pub(super) fn meet(_root: &Path) -> Result<Met> {
    let is_there = |program: &str, question: &str| {
        [program.to_owned(), format!("/usr/sbin/{program}")]
            .iter()
            .any(|program| shell::ask(program, &[question]).is_some())
    };
    if !is_there("nginx", "-v") {
        packages::install(&["nginx-light"])?;
    }
    if !is_there("caddy", "version") {
        packages::install(&["caddy"])?;
    }
    Ok(Met { variables: Vec::new(), running: None })
}
