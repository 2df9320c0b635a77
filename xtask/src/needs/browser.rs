//! A browser and what drives it, for the tests of the pages.
//!
//! Chromium, Node.js and npm are found, or installed where that is possible; the packages of the
//! suite's lock file are then installed beside the suite.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Met, chosen, node, packages};
use crate::browser;

/// Where the tests look for the browser; whoever sets it chooses another one.
const VARIABLE: &str = "VESTIBULE_TEST_CHROMIUM";

/// Names under which Chromium and its closest relatives are installed.
const CHROMIUM: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Finds or installs everything.
pub(super) fn meet(root: &Path) -> Result<Met> {
    let mut absent = node::absent();
    if chromium().is_none() {
        absent.push("chromium");
    }
    if !absent.is_empty() {
        packages::install(&absent)?;
    }
    let chromium = chromium().context("Chromium cannot be found")?;
    node::insist()?;
    node::install_in(&root.join(browser::SUITE))?;
    Ok(Met { variables: vec![(VARIABLE.to_owned(), chromium.into())], running: None })
}

fn chromium() -> Option<PathBuf> {
    chosen(VARIABLE).or_else(|| CHROMIUM.into_iter().find_map(packages::on_path))
}
