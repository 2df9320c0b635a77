//! Tests of the ownership of key files that another user creates.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use vestibule_tokens::{KeyDirectory, Purpose};

use crate::fixture::NOW;

/// User id of the service; it does not need to exist.
const SERVICE: u32 = 65534;

/// Returns the distinct owners of all files in a directory.
fn owners(directory: &Path) -> Vec<(u32, u32)> {
    let files = fs::read_dir(directory).unwrap();
    let mut owners: Vec<_> = files
        .map(|file| file.unwrap().metadata().unwrap())
        .map(|metadata| (metadata.uid(), metadata.gid()))
        .collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

#[test]
fn every_file_has_the_owner_of_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    // Only root may do this; otherwise the directory and the files have the same owner anyway.
    let _ = chown(directory.path(), Some(SERVICE), Some(SERVICE));
    let owner = fs::metadata(directory.path()).unwrap();
    let owner = [(owner.uid(), owner.gid())];

    let keys = KeyDirectory::create(directory.path(), NOW).unwrap();
    assert_eq!(owners(directory.path()), owner, "created");
    for purpose in Purpose::ALL {
        keys.rotate(purpose, NOW).unwrap();
    }
    assert_eq!(owners(directory.path()), owner, "rotated");
    let kid = keys.list().unwrap()[0].kid.clone();
    keys.retire(&kid, NOW).unwrap();
    assert_eq!(owners(directory.path()), owner, "retired");
}
