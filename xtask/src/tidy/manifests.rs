//! Rules for `Cargo.toml`: one set of lints, one Rust version.

use crate::finding::Finding;
use crate::tree::{self, File};

/// Checks one file; anything but the manifest of a crate passes.
pub(crate) fn check(file: &File) -> Option<Finding> {
    let is_manifest = file.path.ends_with("/Cargo.toml");
    (is_manifest && value(&file.text, "lints", "workspace") != Some("true")).then(|| {
        Finding::failure(
            &file.path,
            1,
            "the crate does not inherit the workspace's lints",
            "add `workspace = true` under `[lints]`",
        )
    })
}

/// The version promised in the manifest is the one the tool chain file pins: CI builds no other.
pub(crate) fn one_rust_version(files: &[File]) -> Option<Finding> {
    let read = |path: &str, section: &str, key: &str| {
        let file = tree::named(files, path)?;
        value(&file.text, section, key).map(str::to_owned)
    };
    let promised = read("Cargo.toml", "workspace.package", "rust-version")?;
    let pinned = read("rust-toolchain.toml", "toolchain", "channel")?;
    (pinned != promised && !pinned.starts_with(&format!("{promised}."))).then(|| {
        Finding::failure(
            "rust-toolchain.toml",
            1,
            format!("the tool chain is {pinned}, but rust-version promises {promised}"),
            "give both the same version",
        )
    })
}

/// The value of a key in a section of TOML written one key to a line, without its quotes.
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
        let files = |promised: &str| {
            [
                File::new(
                    "Cargo.toml",
                    &format!("[workspace.package]\nrust-version = \"{promised}\"\n"),
                ),
                File::new("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n"),
            ]
        };
        assert_eq!(one_rust_version(&files("1.95")), None);
        assert!(one_rust_version(&files("1.9")).is_some());
        assert!(one_rust_version(&files("1.94")).is_some());
    }
}
