//! Drafts: key files that are being written, under names nobody reads keys from.
//!
//! The draft of a new key is called after the key, whose id no other key ever has. So a draft of a
//! key that is in place has served its turn, whoever wrote it, and can be removed without asking
//! whether its writer is still alive. What a crash before that leaves behind is the secret of a key
//! that was never in use, or the record of a retired one: neither is worth protecting.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use super::file::sync_directory;
use super::{Custody, Key, KeyError};

/// Writes the text of a key's file under a name of its own, for the owner of the directory.
pub(super) fn write(directory: &Path, key: &Key, text: &str) -> Result<PathBuf, KeyError> {
    match key.state {
        Custody::Held(_) => write_under(directory, [name(&key.kid)], text),
        Custody::Retired { .. } => {
            let names = (0_u32..).map(|n| format!(".retired-{}-{n}", std::process::id()));
            write_under(directory, names, text)
        }
    }
}

/// Removes a draft that has served its turn.
pub(super) fn remove(draft: &Path) -> Result<(), KeyError> {
    match fs::remove_file(draft) {
        // Somebody else has swept it.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done.map_err(KeyError::io(draft)),
    }
}

/// Removes the drafts of keys that are in place: a copy of a secret would outlive its retirement.
pub(super) fn sweep(directory: &Path, keys: &[Key]) -> Result<(), KeyError> {
    let mut swept = false;
    for draft in keys.iter().map(|key| directory.join(name(&key.kid))) {
        // The name itself, wherever it leads.
        if fs::symlink_metadata(&draft).is_ok() {
            remove(&draft)?;
            swept = true;
        }
    }
    if swept { sync_directory(directory) } else { Ok(()) }
}

/// The name under which the file of a new key is written.
fn name(kid: &str) -> String {
    format!(".draft-{kid}")
}

fn write_under(
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
                return match fill(&file, &path, directory, text) {
                    Ok(()) => Ok(path),
                    Err(error) => {
                        // Half a secret should not stay behind; the first error is the one to tell.
                        let _ = fs::remove_file(&path);
                        Err(error)
                    }
                };
            }
            // Another process, or one that did not live long enough to tidy up.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(KeyError::io(path)(error)),
        }
    }
    Err(KeyError::io(directory)(io::Error::other("no free file name")))
}

fn fill(mut file: &File, path: &Path, directory: &Path, text: &str) -> Result<(), KeyError> {
    // First, so that nothing is written that its reader could not read.
    give_to_owner(file, directory)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(KeyError::io(path))
}

/// Gives a file to the owner of the directory, who is the user the service runs as.
///
/// An administrator often runs a command as root. A file of root's with mode 0600 would stop every
/// reload of the service, and with it the very rotation or retirement the command was run for.
fn give_to_owner(file: &File, directory: &Path) -> Result<(), KeyError> {
    let owner = fs::metadata(directory).map_err(KeyError::io(directory))?;
    let made = file.metadata().map_err(KeyError::io(directory))?;
    // The mode leaves nothing to the group, and its owner may not be able to change it.
    if made.uid() == owner.uid() {
        return Ok(());
    }
    // The open file, not its name: in their own directory the owner could exchange it for a link to
    // a file they should never get.
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

    /// Leaves what a crash between the link and the removal of the draft leaves.
    fn crash(keys: &KeyDirectory) -> PathBuf {
        let key = keys.load().unwrap().remove(0);
        let place = keys.path().join(file::name(key.purpose, key.generation));
        let draft = file::write_draft(keys.path(), &key).unwrap();
        fs::remove_file(&place).unwrap();
        fs::hard_link(&draft, place).unwrap();
        draft
    }

    fn secrets(keys: &KeyDirectory) -> usize {
        let files = fs::read_dir(keys.path()).unwrap();
        let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        texts.filter(|text| text.contains("k4.secret.")).count()
    }

    #[test]
    fn a_retired_secret_is_gone_even_after_a_crash() {
        let (_parent, keys) = fresh_keys();
        let kid = keys.list().unwrap()[0].kid.clone();
        keys.rotate(Purpose::Access, NOW).unwrap();
        let draft = crash(&keys);
        assert_eq!(secrets(&keys), 4);
        keys.retire(&kid, NOW).unwrap();
        assert!(!draft.exists());
        assert_eq!(secrets(&keys), 2);
    }

    #[test]
    fn every_change_and_every_start_tidies_up_after_a_crash() {
        let (_parent, keys) = fresh_keys();
        let draft = crash(&keys);
        KeyDirectory::create(keys.path(), NOW).unwrap();
        assert!(!draft.exists());

        let draft = crash(&keys);
        keys.rotate(Purpose::Reset, NOW).unwrap();
        assert!(!draft.exists());

        // Also when there is nothing left to retire.
        let kid = keys.list().unwrap()[0].kid.clone();
        let held = keys.load().unwrap().remove(0);
        keys.rotate(Purpose::Access, NOW).unwrap();
        keys.retire(&kid, NOW).unwrap();
        let draft = file::write_draft(keys.path(), &held).unwrap();
        keys.retire(&kid, NOW).unwrap();
        assert!(!draft.exists());
        assert_eq!(secrets(&keys), 3);
    }

    #[test]
    fn what_another_process_is_writing_stays() {
        let ((_parent, keys), (_other_parent, others)) = (fresh_keys(), fresh_keys());
        let key = others.load().unwrap().remove(0);
        let new = file::write_draft(keys.path(), &key).unwrap();
        let state =
            Custody::Retired { at: NOW, public: others.load().unwrap()[0].public().cloned() };
        let retired = Key { state, ..keys.load().unwrap().remove(0) };
        let retiring = file::write_draft(keys.path(), &retired).unwrap();
        assert_ne!(file::write_draft(keys.path(), &retired).unwrap(), retiring);

        KeyDirectory::create(keys.path(), NOW).unwrap();
        keys.rotate(Purpose::Access, NOW).unwrap();
        keys.retire(&retired.kid, NOW).unwrap();
        assert!(new.exists() && retiring.exists());
    }

    #[test]
    fn a_draft_that_was_swept_meanwhile_counts_as_removed() {
        let (parent, _keys) = fresh_keys();
        remove(&parent.path().join("gone")).unwrap();
        assert!(matches!(remove(parent.path()), Err(KeyError::Io { .. })));
    }

    #[test]
    fn a_file_goes_to_the_owner_of_the_directory_or_the_remedy_is_told() {
        let own = tempfile::tempfile().unwrap();
        let (me, root) = (own.metadata().unwrap().uid(), Path::new("/"));
        let owner = fs::metadata(root).unwrap().uid();
        match give_to_owner(&own, root) {
            Ok(()) => assert_eq!(own.metadata().unwrap().uid(), owner),
            Err(error) => {
                assert_ne!(me, owner);
                assert!(matches!(error, KeyError::ForeignDirectory { .. }));
                let text = error.to_string();
                assert!(
                    text.contains(&format!("belongs to the user with the id {owner}")),
                    "{text}"
                );
                assert!(text.contains("run it as that user, or as root"), "{text}");
            }
        }
    }
}
