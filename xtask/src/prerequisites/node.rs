//! Node.js, npm, and npm packages in the versions of a lock file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::stamp::Stamp;
use super::{Provided, packages, path_from_env};
use crate::shell;

/// Environment variable with the folder of the packages; nothing is installed if it is set.
const VARIABLE: &str = "VESTIBULE_TEST_NODE";

/// Minimum version of Node.js, required by the linter.
const MIN_VERSION: (u32, u32) = (20, 19);

/// Folders below the packages folder, each with the folder of its lock file from the root.
const LOCKS: [(&str, &str); 3] = [
    ("lint", "crates/http/clients/lint"),
    ("client", "crates/http/clients/typescript"),
    ("guide", "docs/guides/verifying-tokens/typescript"),
];

/// Copy of the lock file beside the installed packages.
const STAMP: &str = "node_modules/.installed";

/// Provides the packages for the linter, the TypeScript client and the TypeScript guide.
pub(super) fn provide(root: &Path) -> Result<Provided> {
    let missing = missing_packages();
    if !missing.is_empty() {
        packages::install(&missing)?;
    }
    require_version()?;
    let all = match path_from_env(VARIABLE) {
        Some(all) => all,
        None => install_all(root)?,
    };
    Ok(Provided { variables: vec![(VARIABLE.to_owned(), all.into())], running: None })
}

/// Installs the packages of each lock file; returns the folder that contains them.
fn install_all(root: &Path) -> Result<PathBuf> {
    let all = shell::target(root).join("clients/node");
    for (name, folder) in LOCKS {
        let destination = all.join(name);
        copy(&root.join(folder), &destination)?;
        install_in(&destination)?;
    }
    Ok(all)
}

/// Returns the Debian packages of the missing programs.
pub(super) fn missing_packages() -> Vec<&'static str> {
    [("node", "nodejs"), ("npm", "npm")]
        .into_iter()
        .filter(|(program, _)| packages::on_path(program).is_none())
        .map(|(_, package)| package)
        .collect()
}

/// Checks that Node.js is installed in a supported version.
pub(super) fn require_version() -> Result<()> {
    let node = shell::try_read("node", &["--version"]).context("cannot start Node.js")?;
    if version(&node).is_none_or(|found| found < MIN_VERSION) {
        bail!("Node.js {}.{} or newer is required, found {node}", MIN_VERSION.0, MIN_VERSION.1);
    }
    Ok(())
}

/// Parses the major and minor version of a text such as `v20.19.4`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Copies the package files, so that nothing is installed in the source folders.
fn copy(folder: &Path, destination: &Path) -> Result<()> {
    fs::create_dir_all(destination)
        .with_context(|| format!("cannot create {}", destination.display()))?;
    for name in ["package.json", "package-lock.json"] {
        let from = folder.join(name);
        fs::copy(&from, destination.join(name))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

/// Installs the packages of the lock file in a folder, unless they are installed.
///
/// npm first deletes the installed packages, and the stamp with them.
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
        // The browser comes from the operating system.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    shell::run_quietly(&mut npm)?;
    stamp.write()
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
    fn installed_packages_are_kept() {
        let folder = std::env::temp_dir().join(format!("vestibule-npm-{}", std::process::id()));
        let (from, destination) = (folder.join("from"), folder.join("destination"));
        fs::create_dir_all(&from).unwrap();
        for name in ["package.json", "package-lock.json"] {
            fs::write(from.join(name), "{}").unwrap();
        }
        copy(&from, &destination).unwrap();
        fs::create_dir(destination.join("node_modules")).unwrap();
        fs::write(destination.join(STAMP), "{}").unwrap();
        install_in(&destination).unwrap();
        // npm would have rejected this lock file or deleted the stamp.
        assert!(destination.join(STAMP).exists());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn lock_files_use_only_the_public_registry() {
        let root = crate::tree::root();
        let folders = LOCKS.into_iter().map(|(_, folder)| folder);
        for folder in folders.chain([crate::prerequisites::BROWSER_SUITE]) {
            let lock = fs::read(root.join(folder).join("package-lock.json")).unwrap();
            let lock: serde_json::Value = serde_json::from_slice(&lock).unwrap();
            let packages = lock["packages"].as_object().unwrap();
            for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
                // Without a URL, npm uses its configured registry.
                let from = package["resolved"].as_str().unwrap_or(REGISTRY);
                assert!(from.starts_with(REGISTRY), "{name}: {from}");
                assert!(package["integrity"].is_string(), "{name}");
            }
        }
    }
}
