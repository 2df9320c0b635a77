//! Stamp files, which show whether installed packages are up to date.
//!
//! A stamp is in the folder of the packages, so it is deleted together with them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A copy of the list of packages that were installed.
pub(super) struct Stamp {
    file: PathBuf,
    required: Vec<u8>,
}

impl Stamp {
    /// Creates a stamp from a list.
    ///
    /// # Errors
    ///
    /// Fails if the list cannot be read.
    pub(super) fn of(list: &Path, file: PathBuf) -> Result<Self> {
        let required = fs::read(list).with_context(|| format!("cannot read {}", list.display()))?;
        Ok(Self { file, required })
    }

    /// Returns `true` if the packages of the list are installed.
    pub(super) fn is_current(&self) -> bool {
        fs::read(&self.file).is_ok_and(|installed| installed == self.required)
    }

    /// Marks the packages as installed.
    ///
    /// # Errors
    ///
    /// Fails if the stamp cannot be written.
    pub(super) fn write(&self) -> Result<()> {
        fs::write(&self.file, &self.required)
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_list_is_not_current() {
        let folder = std::env::temp_dir().join(format!("vestibule-stamp-{}", std::process::id()));
        let (list, file) = (folder.join("list"), folder.join("stamp"));
        fs::create_dir_all(&folder).unwrap();
        assert!(Stamp::of(&list, file.clone()).is_err(), "there is no list");
        fs::write(&list, "a==1").unwrap();
        let stamp = Stamp::of(&list, file.clone()).unwrap();
        assert!(!stamp.is_current(), "nothing is installed");
        stamp.write().unwrap();
        assert!(stamp.is_current());
        fs::write(&list, "a==2").unwrap();
        assert!(!Stamp::of(&list, file).unwrap().is_current());
        fs::remove_dir_all(&folder).unwrap();
    }
}
