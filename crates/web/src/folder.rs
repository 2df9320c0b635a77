//! Helpers for the operator's folder of overriding files.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Returns `true` for hidden files of other tools, such as `.git`. They are ignored.
pub(crate) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Returns the first subfolder that is neither known nor hidden: its name is probably misspelt.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn find_unknown(directory: &Path, known: &[&str]) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_known = known.iter().any(|name| path.ends_with(name));
        if path.is_dir() && !is_known && !is_hidden(&path) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
