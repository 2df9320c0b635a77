//! The files of the checkout: tracked by git, or new and not ignored.
//!
//! Without git, as in an unpacked archive, all folders are walked.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

/// Folders at the root without source files.
const NOT_SOURCE: [&str; 3] = [".git", "target", "data"];
/// Name of the folders with npm packages.
const PACKAGES: &str = "node_modules";

/// A text file.
pub(crate) struct File {
    /// Path from the root, with forward slashes.
    pub(crate) path: String,
    /// Contents of the file.
    pub(crate) text: String,
}

impl File {
    /// Creates a file that does not exist on disk.
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Returns `true` if the file is below a `tests` folder.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests")
    }

    /// Returns `true` if the file name has this extension.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// Returns the root of the checkout.
pub(crate) fn root() -> PathBuf {
    // The variable of run time is correct even after the checkout was moved.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_owned)
}

/// Returns the file with this path.
pub(crate) fn named<'a>(files: &'a [File], path: &str) -> Option<&'a File> {
    files.iter().find(|file| file.path == path)
}

/// Resolves a relative link in a file to a path from the root; `None` if it leaves the checkout.
///
/// Does not access the file system; neither path has to exist.
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

/// Returns the paths of all files from the root, sorted.
///
/// # Errors
///
/// Fails if a folder cannot be read.
pub(crate) fn paths(root: &Path) -> Result<Vec<String>> {
    let mut paths = match tracked(root) {
        Some(paths) => paths,
        None => walked(root)?,
    };
    // Git still lists files that are deleted but not staged.
    paths.retain(|path| root.join(path).is_file());
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Returns all text files, sorted by path.
///
/// # Errors
///
/// Fails if a file or a folder cannot be read.
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
    fn the_walk_finds_files_without_git() {
        let root = root().join("xtask");
        let paths = walked(&root).unwrap();
        assert!(paths.contains(&"src/tree.rs".to_owned()), "{paths:?}");
        assert!(paths.contains(&"Cargo.toml".to_owned()));
    }

    #[test]
    fn test_files_are_recognized() {
        let file = |path: &str| File::new(path, "");
        assert!(file("crates/server/tests/api/main.rs").is_test());
        assert!(!file("crates/testkit/src/contract.rs").is_test());
        assert!(file("a/b.rs").has_extension("rs"));
        assert!(!file("a/rs").has_extension("rs"));
    }

    #[test]
    fn files_are_found_by_full_path() {
        let files = [File::new("a/b.rs", "1"), File::new("b.rs", "2")];
        assert_eq!(named(&files, "b.rs").map(|file| file.text.as_str()), Some("2"));
        assert!(named(&files, "a").is_none());
    }

    #[test]
    fn links_are_resolved_from_the_folder_of_their_file() {
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
