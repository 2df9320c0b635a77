//! Node.js and npm, and packages in the versions of a lock file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::stamp::Stamp;
use super::{Met, chosen, packages};
use crate::shell;

/// Where the tests of the clients look for the packages; whoever sets it has them installed there.
const VARIABLE: &str = "VESTIBULE_TEST_NODE";

/// The oldest Node.js that all packages run on; the linter asks for the most.
const OLDEST: (u32, u32) = (20, 19);

/// The folders with a lock file, from the root, and where their packages are below the variable's folder.
const LOCKS: [(&str, &str); 3] = [
    ("lint", "crates/http/clients/lint"),
    ("client", "crates/http/clients/typescript"),
    ("guide", "docs/guides/verifying-tokens/typescript"),
];

/// Left beside the installed packages: the lock file they were installed from.
const STAMP: &str = "node_modules/.installed";

/// What the linter, the client in TypeScript and the recipe in TypeScript need.
pub(super) fn meet(root: &Path) -> Result<Met> {
    let absent = absent();
    if !absent.is_empty() {
        packages::install(&absent)?;
    }
    insist()?;
    let all = match chosen(VARIABLE) {
        Some(all) => all,
        None => installed(root)?,
    };
    Ok(Met { variables: vec![(VARIABLE.to_owned(), all.into())], running: None })
}

/// The folder with a folder of packages for each lock file.
fn installed(root: &Path) -> Result<PathBuf> {
    let all = shell::target(root).join("clients/node");
    for (name, folder) in LOCKS {
        let place = all.join(name);
        copy(&root.join(folder), &place)?;
        install_in(&place)?;
    }
    Ok(all)
}

/// Debian's names of what is not there yet.
pub(super) fn absent() -> Vec<&'static str> {
    [("node", "nodejs"), ("npm", "npm")]
        .into_iter()
        .filter(|(program, _)| packages::on_path(program).is_none())
        .map(|(_, package)| package)
        .collect()
}

/// Whether Node.js is there and young enough.
pub(super) fn insist() -> Result<()> {
    let node = shell::ask("node", &["--version"]).context("Node.js cannot be started")?;
    if version(&node).is_none_or(|found| found < OLDEST) {
        bail!("Node.js {}.{} or newer is needed, and this is {node}", OLDEST.0, OLDEST.1);
    }
    Ok(())
}

/// `v20.19.4` is (20, 19).
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Copies what names the packages, so that nothing is installed where the sources are.
fn copy(folder: &Path, place: &Path) -> Result<()> {
    fs::create_dir_all(place).with_context(|| format!("cannot make {}", place.display()))?;
    for name in ["package.json", "package-lock.json"] {
        let from = folder.join(name);
        fs::copy(&from, place.join(name))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

/// Installs what the lock file in a folder names, unless it is there already. npm starts by deleting
/// what is there, and the stamp with it.
pub(super) fn install_in(folder: &Path) -> Result<()> {
    let stamp = Stamp::of(&folder.join("package-lock.json"), folder.join(STAMP))?;
    if stamp.is_current() {
        return Ok(());
    }
    eprintln!("installing packages with npm in {}", folder.display());
    let mut npm = Command::new("npm");
    npm.current_dir(folder)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .env("NPM_CONFIG_UPDATE_NOTIFIER", "false")
        // Where a browser is needed, it is Debian's.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    shell::quietly(&mut npm)?;
    stamp.leave()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "https://registry.npmjs.org/";

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
    fn installed_packages_are_not_installed_again() {
        let folder = std::env::temp_dir().join(format!("vestibule-npm-{}", std::process::id()));
        let (from, place) = (folder.join("from"), folder.join("place"));
        fs::create_dir_all(&from).unwrap();
        for name in ["package.json", "package-lock.json"] {
            fs::write(from.join(name), "{}").unwrap();
        }
        copy(&from, &place).unwrap();
        fs::create_dir(place.join("node_modules")).unwrap();
        fs::write(place.join(STAMP), "{}").unwrap();
        install_in(&place).unwrap();
        // npm would have refused this lock file, or deleted the stamp.
        assert!(place.join(STAMP).exists());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn lock_files_name_the_public_registry_alone() {
        let root = crate::tree::root();
        let folders = LOCKS.into_iter().map(|(_, folder)| folder);
        for folder in folders.chain([crate::browser::SUITE]) {
            let lock = fs::read(root.join(folder).join("package-lock.json")).unwrap();
            let lock: serde_json::Value = serde_json::from_slice(&lock).unwrap();
            let packages = lock["packages"].as_object().unwrap();
            for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
                // Without an address it is the registry of whoever installs.
                let from = package["resolved"].as_str().unwrap_or(REGISTRY);
                assert!(from.starts_with(REGISTRY), "{name}: {from}");
                assert!(package["integrity"].is_string(), "{name}");
            }
        }
    }
}
