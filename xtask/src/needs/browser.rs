//! A browser and what drives it, for the tests of the pages.
//!
//! Chromium, Node.js and npm are found, or installed where that is possible; the packages of the
//! suite's lock file are then installed beside the suite.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{Met, packages};
use crate::{browser, shell};

/// Where the tests look for the browser; whoever sets it chooses another one.
const VARIABLE: &str = "VESTIBULE_TEST_CHROMIUM";

/// Names under which Chromium and its closest relatives are installed.
const CHROMIUM: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The oldest Node.js the suite's packages run on.
const NODE: (u32, u32) = (20, 19);

/// Left beside the installed packages: the lock file they were installed from.
const STAMP: &str = "node_modules/.installed";

/// Finds or installs everything.
pub(super) fn meet(root: &Path) -> Result<Met> {
    let absent = absent();
    if !absent.is_empty() {
        packages::install(&absent)?;
    }
    let chromium = chromium().context("Chromium cannot be found")?;
    let node = shell::ask("node", &["--version"]).context("Node.js cannot be started")?;
    if version(&node).is_none_or(|found| found < NODE) {
        bail!("Node.js {}.{} or newer is needed, and this is {node}", NODE.0, NODE.1);
    }
    install_modules(&root.join(browser::SUITE))?;
    Ok(Met { variables: vec![(VARIABLE.to_owned(), chromium.into())], running: None })
}

/// Debian's names of what is not there yet.
fn absent() -> Vec<&'static str> {
    let mut absent = Vec::new();
    if chromium().is_none() {
        absent.push("chromium");
    }
    if on_path("node").is_none() {
        absent.push("nodejs");
    }
    if on_path("npm").is_none() {
        absent.push("npm");
    }
    absent
}

fn chromium() -> Option<PathBuf> {
    match env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        Some(path) => Some(PathBuf::from(path)),
        None => CHROMIUM.into_iter().find_map(on_path),
    }
}

/// Where the shell would find a program.
pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(program)).find(|program| program.is_file())
}

/// `v20.19.4` is (20, 19).
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Installs what the lock file names, unless it is there already. npm starts by deleting the folder,
/// and the stamp with it.
fn install_modules(suite: &Path) -> Result<()> {
    let lock = suite.join("package-lock.json");
    let wanted = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = suite.join(STAMP);
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    eprintln!("installing the packages of the browser suite with npm");
    let mut npm = Command::new("npm");
    npm.current_dir(suite)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        // The browser is Debian's.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    shell::quietly(&mut npm)?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers() {
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert!(version("v20.9.0") < version("v20.19.0"));
        assert!(version("v9.11.2") < version("v20.0.0"));
        for text in ["", "20.19.0", "v20", "vx.y"] {
            assert_eq!(version(text), None, "{text}");
        }
    }

    #[test]
    fn programs_are_found_where_the_shell_finds_them() {
        assert!(on_path("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(on_path("no-such-program-anywhere"), None);
    }

    #[test]
    fn installed_packages_are_not_installed_again() {
        let suite = env::temp_dir().join(format!("vestibule-modules-{}", std::process::id()));
        std::fs::create_dir_all(suite.join("node_modules")).unwrap();
        std::fs::write(suite.join("package-lock.json"), "{}").unwrap();
        std::fs::write(suite.join(STAMP), "{}").unwrap();
        install_modules(&suite).unwrap();
        // npm would have refused this lock file, or deleted the stamp.
        assert!(suite.join(STAMP).exists());
        std::fs::remove_dir_all(&suite).unwrap();
    }

    #[test]
    fn the_lock_file_names_the_public_registry_alone() {
        let root = crate::tree::root();
        let path = root.join(browser::SUITE).join("package-lock.json");
        let lock: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            let from = package["resolved"].as_str().unwrap_or_default();
            assert!(from.starts_with("https://registry.npmjs.org/"), "{name}: {from}");
            assert!(package["integrity"].is_string(), "{name}");
        }
    }
}
