//! Atomic creation of key files: temporary files that are linked or renamed when complete.
//!
//! The temporary file of a new key is named after the key, whose id is unique. If the key exists,
//! its temporary file is a leftover and can be removed, even if its writer is still running. Other
//! leftovers of a crash contain the secret of a key that was never used, or no secret at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use super::{Key, KeyError, Lifecycle};

/// Writes the content of a key file to a temporary file, owned by the owner of the directory.
pub(super) fn write_temporary(
    directory: &Path,
    key: &Key,
    text: &str,
) -> Result<PathBuf, KeyError> {
    match key.lifecycle {
        Lifecycle::InUse(_) => write_first_free(directory, [temporary_name(&key.kid)], text),
        Lifecycle::Retired { .. } => {
            let names = (0_u32..).map(|n| format!(".retired-{}-{n}", std::process::id()));
            write_first_free(directory, names, text)
        }
    }
}

/// Removes a temporary file.
pub(super) fn remove(temporary: &Path) -> Result<(), KeyError> {
    match fs::remove_file(temporary) {
        // Another process has removed it as a leftover.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done.map_err(KeyError::io(temporary)),
    }
}

/// Removes temporary files of existing keys, so that no copy of a secret outlives a retirement.
pub(super) fn remove_leftovers(directory: &Path, keys: &[Key]) -> Result<(), KeyError> {
    let mut removed = false;
    for temporary in keys.iter().map(|key| directory.join(temporary_name(&key.kid))) {
        // Does not follow symbolic links.
        if fs::symlink_metadata(&temporary).is_ok() {
            remove(&temporary)?;
            removed = true;
        }
    }
    if removed { sync_directory(directory) } else { Ok(()) }
}

/// Flushes a directory to disk, so that its entries survive a power failure.
pub(super) fn sync_directory(path: &Path) -> Result<(), KeyError> {
    // The parent of a relative path with one component is the empty path.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|directory| directory.sync_all()).map_err(KeyError::io(path))
}

/// Returns the name of the temporary file of a new key.
fn temporary_name(kid: &str) -> String {
    format!(".draft-{kid}")
}

fn write_first_free(
    directory: &Path,
    names: impl IntoIterator<Item = String>,
    text: &str,
) -> Result<PathBuf, KeyError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    for name in names {
        let path = directory.join(name);
        match options.open(&path) {
            Ok(file) => {
                return match write_content(&file, &path, directory, text) {
                    Ok(()) => Ok(path),
                    Err(error) => {
                        // Best effort: an incomplete secret should not remain. The first error is
                        // returned.
                        let _ = fs::remove_file(&path);
                        Err(error)
                    }
                };
            }
            // A file of another process, or of one that crashed.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(KeyError::io(path)(error)),
        }
    }
    Err(KeyError::io(directory)(io::Error::other("no free file name")))
}

fn write_content(
    mut file: &File,
    path: &Path,
    directory: &Path,
    text: &str,
) -> Result<(), KeyError> {
    // Done first, so that the service can read everything that is written.
    chown_to_directory_owner(file, directory)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(KeyError::io(path))
}

/// Changes the owner of a file to that of the directory, which is the user the service runs as.
///
/// Operators often run commands as root. If root owned the file with mode 0600, the service could
/// not reload its keys, and the rotation or retirement would have no effect.
fn chown_to_directory_owner(file: &File, directory: &Path) -> Result<(), KeyError> {
    let owner = fs::metadata(directory).map_err(KeyError::io(directory))?;
    let created = file.metadata().map_err(KeyError::io(directory))?;
    // The group does not matter: the mode grants it nothing, and the owner may not be allowed to
    // change it.
    if created.uid() == owner.uid() {
        return Ok(());
    }
    // Changes the open file instead of the path: the owner of the directory could replace the path
    // with a link to any file.
    fchown(file, Some(owner.uid()), Some(owner.gid())).map_err(|source| {
        KeyError::ForeignDirectory { path: directory.to_owned(), owner: owner.uid(), source }
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use time::OffsetDateTime;
    use time::macros::datetime;

    use super::*;
    use crate::keys::{KeyDirectory, file};
    use crate::purpose::Purpose;

    const NOW: OffsetDateTime = datetime!(2026-09-01 12:00 UTC);

    fn fresh_keys() -> (TempDir, KeyDirectory) {
        let parent = tempfile::tempdir().unwrap();
        let keys = KeyDirectory::create(parent.path().join("keys"), NOW).unwrap();
        (parent, keys)
    }

    /// Simulates a crash between the link and the removal of the temporary file.
    fn crash(keys: &KeyDirectory) -> PathBuf {
        let key = keys.load().unwrap().remove(0);
        let path = keys.path().join(file::name(key.purpose, key.generation));
        let leftover = file::write_temporary(keys.path(), &key).unwrap();
        fs::remove_file(&path).unwrap();
        fs::hard_link(&leftover, path).unwrap();
        leftover
    }

    fn secrets(keys: &KeyDirectory) -> usize {
        let files = fs::read_dir(keys.path()).unwrap();
        let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        texts.filter(|text| text.contains("k4.secret.")).count()
    }

    #[test]
    fn a_retired_secret_is_deleted_even_after_a_crash() {
        let (_parent, keys) = fresh_keys();
        let kid = keys.list().unwrap()[0].kid.clone();
        keys.rotate(Purpose::Access, NOW).unwrap();
        let leftover = crash(&keys);
        assert_eq!(secrets(&keys), 4);
        keys.retire(&kid, NOW).unwrap();
        assert!(!leftover.exists());
        assert_eq!(secrets(&keys), 2);
    }

    #[test]
    fn every_change_and_every_start_removes_leftovers_of_a_crash() {
        let (_parent, keys) = fresh_keys();
        let leftover = crash(&keys);
        KeyDirectory::create(keys.path(), NOW).unwrap();
        assert!(!leftover.exists());

        let leftover = crash(&keys);
        keys.rotate(Purpose::Reset, NOW).unwrap();
        assert!(!leftover.exists());

        // Even if the key is already retired.
        let kid = keys.list().unwrap()[0].kid.clone();
        let held = keys.load().unwrap().remove(0);
        keys.rotate(Purpose::Access, NOW).unwrap();
        keys.retire(&kid, NOW).unwrap();
        let leftover = file::write_temporary(keys.path(), &held).unwrap();
        keys.retire(&kid, NOW).unwrap();
        assert!(!leftover.exists());
        assert_eq!(secrets(&keys), 3);
    }

    #[test]
    fn temporary_files_of_other_processes_are_kept() {
        let ((_parent, keys), (_other_parent, others)) = (fresh_keys(), fresh_keys());
        let key = others.load().unwrap().remove(0);
        let new = file::write_temporary(keys.path(), &key).unwrap();
        let lifecycle =
            Lifecycle::Retired { at: NOW, public: others.load().unwrap()[0].public().cloned() };
        let retired = Key { lifecycle, ..keys.load().unwrap().remove(0) };
        let retiring = file::write_temporary(keys.path(), &retired).unwrap();
        assert_ne!(file::write_temporary(keys.path(), &retired).unwrap(), retiring);

        KeyDirectory::create(keys.path(), NOW).unwrap();
        keys.rotate(Purpose::Access, NOW).unwrap();
        keys.retire(&retired.kid, NOW).unwrap();
        assert!(new.exists() && retiring.exists());
    }

    #[test]
    fn removing_a_missing_temporary_file_succeeds() {
        let (parent, _keys) = fresh_keys();
        remove(&parent.path().join("gone")).unwrap();
        assert!(matches!(remove(parent.path()), Err(KeyError::Io { .. })));
    }

    #[test]
    fn a_file_gets_the_owner_of_the_directory_or_the_error_names_the_fix() {
        let own = tempfile::tempfile().unwrap();
        let (me, root) = (own.metadata().unwrap().uid(), Path::new("/"));
        let owner = fs::metadata(root).unwrap().uid();
        match chown_to_directory_owner(&own, root) {
            Ok(()) => assert_eq!(own.metadata().unwrap().uid(), owner),
            Err(error) => {
                assert_ne!(me, owner);
                assert!(matches!(error, KeyError::ForeignDirectory { .. }));
                let text = error.to_string();
                assert!(text.contains(&format!("owned by user id {owner}")), "{text}");
                assert!(text.contains("run the command as that user or as root"), "{text}");
            }
        }
    }
}
