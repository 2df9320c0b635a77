//! What was installed last, so that it is installed again only when something else is wanted.
//!
//! A stamp lies in the folder of what was installed, so that whatever deletes that deletes the stamp too.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A copy of the list that packages were installed from, beside them.
pub(super) struct Stamp {
    file: PathBuf,
    wanted: Vec<u8>,
}

impl Stamp {
    /// The stamp of this list.
    ///
    /// # Errors
    ///
    /// When the list cannot be read.
    pub(super) fn of(list: &Path, file: PathBuf) -> Result<Self> {
        let wanted = fs::read(list).with_context(|| format!("cannot read {}", list.display()))?;
        Ok(Self { file, wanted })
    }

    /// Whether what the list says is installed.
    pub(super) fn is_current(&self) -> bool {
        fs::read(&self.file).is_ok_and(|installed| installed == self.wanted)
    }

    /// Says that it is, from now on.
    ///
    /// # Errors
    ///
    /// When the stamp cannot be written.
    pub(super) fn leave(&self) -> Result<()> {
        fs::write(&self.file, &self.wanted)
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_list_is_another_stamp() {
        let folder = std::env::temp_dir().join(format!("vestibule-stamp-{}", std::process::id()));
        let (list, file) = (folder.join("list"), folder.join("stamp"));
        fs::create_dir_all(&folder).unwrap();
        assert!(Stamp::of(&list, file.clone()).is_err(), "there is no list");
        fs::write(&list, "a==1").unwrap();
        let stamp = Stamp::of(&list, file.clone()).unwrap();
        assert!(!stamp.is_current(), "nothing is installed");
        stamp.leave().unwrap();
        assert!(stamp.is_current());
        fs::write(&list, "a==2").unwrap();
        assert!(!Stamp::of(&list, file).unwrap().is_current());
        fs::remove_dir_all(&folder).unwrap();
    }
}
