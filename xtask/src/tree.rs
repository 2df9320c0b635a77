//! The files of the checkout.
//!
//! Git says which they are: tracked, and new ones that are not ignored.
//! Without git, as in an unpacked archive, the folders are walked.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

/// Folders at the root that never hold source.
const NOT_SOURCE: [&str; 3] = [".git", "target", "data"];
/// Where npm puts packages, wherever that is.
const PACKAGES: &str = "node_modules";

/// One file that is text.
pub(crate) struct File {
    /// From the root, with forward slashes.
    pub(crate) path: String,
    /// Everything in it.
    pub(crate) text: String,
}

impl File {
    /// One that no checkout needs to have.
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether this is a test target or part of one.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests")
    }

    /// Whether the name ends with a dot and this.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    // Cargo says so at run time too, which is right even after the checkout was moved.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_owned)
}

/// The file with this path.
pub(crate) fn named<'a>(files: &'a [File], path: &str) -> Option<&'a File> {
    files.iter().find(|file| file.path == path)
}

/// Where a link in a file leads, from the root; nothing if it leads out of the checkout.
///
/// The file system is not asked, so neither has to be there.
pub(crate) fn resolved(file: &str, link: &str) -> Option<String> {
    if link.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The path of every file from the root, sorted.
///
/// # Errors
///
/// When a folder cannot be read.
pub(crate) fn paths(root: &Path) -> Result<Vec<String>> {
    let mut paths = match tracked(root) {
        Some(paths) => paths,
        None => walked(root)?,
    };
    // A file deleted but not yet staged is still in git's list.
    paths.retain(|path| root.join(path).is_file());
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Every text file, sorted by path.
///
/// # Errors
///
/// When a file or a folder cannot be read.
pub(crate) fn text_files(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for path in paths(root)? {
        let full = root.join(&path);
        let bytes = std::fs::read(&full).with_context(|| format!("cannot read {path}"))?;
        if bytes.contains(&0) {
            continue;
        }
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File { path, text });
        }
    }
    Ok(files)
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn walked(root: &Path) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = entry.file_name();
            if kind.is_dir() {
                let is_skipped = folder == root && NOT_SOURCE.iter().any(|other| name == *other);
                if !is_skipped && name != PACKAGES {
                    folders.push(entry.path());
                }
            } else if kind.is_file()
                && let Ok(path) = entry.path().strip_prefix(root)
            {
                paths.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_finds_what_git_would() {
        let root = root().join("xtask");
        let paths = walked(&root).unwrap();
        assert!(paths.contains(&"src/tree.rs".to_owned()), "{paths:?}");
        assert!(paths.contains(&"Cargo.toml".to_owned()));
    }

    #[test]
    fn test_files_are_told_apart() {
        let file = |path: &str| File::new(path, "");
        assert!(file("crates/server/tests/api/main.rs").is_test());
        assert!(!file("crates/testkit/src/contract.rs").is_test());
        assert!(file("a/b.rs").has_extension("rs"));
        assert!(!file("a/rs").has_extension("rs"));
    }

    #[test]
    fn a_file_is_found_by_its_whole_path() {
        let files = [File::new("a/b.rs", "1"), File::new("b.rs", "2")];
        assert_eq!(named(&files, "b.rs").map(|file| file.text.as_str()), Some("2"));
        assert!(named(&files, "a").is_none());
    }

    #[test]
    fn links_lead_from_the_folder_of_their_file() {
        let from = |link| resolved("docs/guides/a.md", link);
        for (link, path) in [
            ("b.md", "docs/guides/b.md"),
            ("./b/c.md", "docs/guides/b/c.md"),
            ("../style.md", "docs/style.md"),
            ("../../xtask/src/", "xtask/src"),
            ("b/../../c.md", "docs/c.md"),
            ("../..", ""),
        ] {
            assert_eq!(from(link).as_deref(), Some(path), "{link}");
        }
        assert_eq!(resolved("a.md", "b.md").as_deref(), Some("b.md"));
        for link in ["../../../x", "../../../docs/a.md", "/docs/a.md"] {
            assert_eq!(from(link), None, "{link}");
        }
    }
}
