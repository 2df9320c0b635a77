//! The packages that would be published, made and not built: what Cargo refuses is found before a
//! release.
//!
//! What a package has to hold, `tidy` knows.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::shell;

/// Makes all packages, below `target/package`.
///
/// # Errors
///
/// When Cargo refuses one of them.
pub(crate) fn run(root: &Path) -> Result<()> {
    let metadata = shell::metadata(root)?;
    let command = |more: &[&str]| {
        let mut command = shell::cargo(root);
        command.args(["package", "--workspace", "--no-verify", "--allow-dirty", "--locked"]);
        for name in kept_back(&metadata) {
            command.args(["--exclude", name]);
        }
        command.args(more);
        command
    };
    // Whatever was built before left all that is needed in Cargo's cache; asking the registry about
    // every package again takes a minute, and works on the net only.
    if shell::quietly(&mut command(&["--offline"])).is_ok() {
        return Ok(());
    }
    shell::quietly(&mut command(&[]))
}

/// The members of the workspace that say `publish = false`.
fn kept_back(metadata: &Value) -> Vec<&str> {
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
    fn only_what_is_never_published_is_kept_back() {
        let metadata = serde_json::json!({"packages": [
            {"name": "a", "publish": null},
            {"name": "b", "publish": []},
            {"name": "c", "publish": ["crates-io"]},
        ]});
        assert_eq!(kept_back(&metadata), ["b"]);
    }
}
