//! `cargo xtask package`: creates the packages for publication without building them, so that
//! errors from Cargo show before a release.
//!
//! `tidy` checks the contents of the packages.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::shell;

/// Creates all packages in `target/package`.
///
/// # Errors
///
/// Fails if Cargo cannot create one of them.
pub(crate) fn run(root: &Path) -> Result<()> {
    let metadata = shell::metadata(root)?;
    let command = |more: &[&str]| {
        let mut command = shell::cargo(root);
        command.args(["package", "--workspace", "--no-verify", "--allow-dirty", "--locked"]);
        for name in unpublished(&metadata) {
            command.args(["--exclude", name]);
        }
        command.args(more);
        command
    };
    // After a build, Cargo's cache has everything. Querying the registry for every package takes a
    // minute and requires a network.
    if shell::run_quietly(&mut command(&["--offline"])).is_ok() {
        return Ok(());
    }
    shell::run_quietly(&mut command(&[]))
}

/// Returns the names of the workspace members with `publish = false`.
fn unpublished(metadata: &Value) -> Vec<&str> {
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    packages
        .iter()
        .filter(|package| package["publish"].as_array().is_some_and(Vec::is_empty))
        .filter_map(|package| package["name"].as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packages_without_a_registry_are_excluded() {
        let metadata = serde_json::json!({"packages": [
            {"name": "a", "publish": null},
            {"name": "b", "publish": []},
            {"name": "c", "publish": ["crates-io"]},
        ]});
        assert_eq!(unpublished(&metadata), ["b"]);
    }
}
