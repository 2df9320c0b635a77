//! Checks `Cargo.toml` files for inherited lints and a consistent Rust version.

use crate::finding::Finding;
use crate::tree::{self, File};

/// Checks a file; only manifests of crates have findings.
pub(crate) fn check(file: &File) -> Option<Finding> {
    let is_manifest = file.path.ends_with("/Cargo.toml");
    (is_manifest && value(&file.text, "lints", "workspace") != Some("true")).then(|| {
        Finding::new(
            &file.path,
            1,
            "the crate does not inherit the workspace lints",
            "add `workspace = true` under `[lints]`",
        )
    })
}

/// Checks that `rust-version` matches the pinned toolchain, the only one that CI uses.
pub(crate) fn one_rust_version(files: &[File]) -> Option<Finding> {
    let read = |path: &str, section: &str, key: &str| {
        let file = tree::named(files, path)?;
        value(&file.text, section, key).map(str::to_owned)
    };
    let declared = read("Cargo.toml", "workspace.package", "rust-version")?;
    let pinned = read("rust-toolchain.toml", "toolchain", "channel")?;
    (pinned != declared && !pinned.starts_with(&format!("{declared}."))).then(|| {
        Finding::new(
            "rust-toolchain.toml",
            1,
            format!("the toolchain is {pinned}, but rust-version is {declared}"),
            "use the same version in both",
        )
    })
}

/// Returns the unquoted value of a key in a section of a TOML file with one key per line.
pub(super) fn value<'a>(text: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let header = format!("[{section}]");
    text.lines()
        .map(str::trim)
        .skip_while(|line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_inherited() {
        let good = "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n";
        assert_eq!(check(&File::new("crates/a/Cargo.toml", good)), None);
        let bad = "[lints]\n[dependencies]\nworkspace = true\n";
        assert!(check(&File::new("crates/a/Cargo.toml", bad)).is_some());
        assert_eq!(check(&File::new("Cargo.toml", "[workspace]\n")), None);
    }

    #[test]
    fn the_rust_versions_agree() {
        let files = |declared: &str| {
            [
                File::new(
                    "Cargo.toml",
                    &format!("[workspace.package]\nrust-version = \"{declared}\"\n"),
                ),
                File::new("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n"),
            ]
        };
        assert_eq!(one_rust_version(&files("1.95")), None);
        assert!(one_rust_version(&files("1.9")).is_some());
        assert!(one_rust_version(&files("1.94")).is_some());
    }
}
