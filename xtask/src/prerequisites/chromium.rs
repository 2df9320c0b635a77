//! Chromium, Node.js, npm and the npm packages of the browser suite.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{BROWSER_SUITE, Provided, node, packages, path_from_env};

/// Environment variable with the path of the browser.
const VARIABLE: &str = "VESTIBULE_TEST_CHROMIUM";

/// Program names of Chromium and Google Chrome.
const CHROMIUM: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Finds or installs Chromium, Node.js, npm and the packages in the suite's lock file.
pub(super) fn provide(root: &Path) -> Result<Provided> {
    let mut missing = node::missing_packages();
    if chromium().is_none() {
        missing.push("chromium");
    }
    if !missing.is_empty() {
        packages::install(&missing)?;
    }
    let chromium = chromium().context("Chromium not found")?;
    node::require_version()?;
    node::install_in(&root.join(BROWSER_SUITE))?;
    Ok(Provided { variables: vec![(VARIABLE.to_owned(), chromium.into())], running: None })
}

fn chromium() -> Option<PathBuf> {
    path_from_env(VARIABLE).or_else(|| CHROMIUM.into_iter().find_map(packages::on_path))
}
