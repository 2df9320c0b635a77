//! Errors of the key directory, with instructions for the operator.

use std::io;
use std::path::PathBuf;

use crate::purpose::Purpose;

/// An error of the key directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A file system operation failed.
    #[error("cannot read or write {}", path.display())]
    Io {
        /// File or directory.
        path: PathBuf,
        /// Error of the operating system.
        #[source]
        source: io::Error,
    },
    /// Other users have access to a key file.
    #[error("key file {0} is accessible to other users; run: chmod 600 {0}", path.display())]
    Exposed {
        /// Path of the file.
        path: PathBuf,
    },
    /// Other users can create files in the directory.
    #[error("key directory {0} is writable by other users; run: chmod 700 {0}", path.display())]
    ExposedDirectory {
        /// Path of the directory.
        path: PathBuf,
    },
    /// A new file could not be given to the owner of the directory.
    #[error("key directory {} is owned by user id {owner}, who could not read a new key file; run the command as that user or as root", path.display())]
    ForeignDirectory {
        /// Path of the directory.
        path: PathBuf,
        /// User id of its owner, which is the user the service runs as.
        owner: u32,
        /// Error of the operating system.
        #[source]
        source: io::Error,
    },
    /// A symbolic link, a device or a directory instead of a key file.
    #[error("{} is not a regular file; replace it with the key file", path.display())]
    NotAFile {
        /// Path of the file.
        path: PathBuf,
    },
    /// The content is not a valid key. The error does not contain it, because it is secret.
    #[error("key file {} is damaged: {problem}; restore it from a backup", path.display())]
    Malformed {
        /// Path of the file.
        path: PathBuf,
        /// Description of the problem.
        problem: &'static str,
    },
    /// The id in the file does not match the key.
    #[error("key file {} has the id of another key; restore it from a backup", path.display())]
    WrongId {
        /// Path of the file.
        path: PathBuf,
    },
    /// The purpose in the file does not match the file name.
    #[error("the purpose of key file {} does not match its name", path.display())]
    WrongPurpose {
        /// Path of the file.
        path: PathBuf,
    },
    /// Two files contain the same key.
    #[error("key file {} contains the same key as another file; remove the copy", path.display())]
    Duplicate {
        /// Path of the second file.
        path: PathBuf,
        /// Id of the key.
        kid: String,
    },
    /// No key can sign or seal.
    #[error("no active {purpose} key in {}; run: vestibule keys rotate {purpose}", path.display())]
    NoActiveKey {
        /// Path of the directory.
        path: PathBuf,
        /// Purpose without a key.
        purpose: Purpose,
    },
    /// No key has this id.
    #[error("key {kid} not found")]
    UnknownKey {
        /// The requested id.
        kid: String,
    },
    /// The active key of a purpose cannot be retired.
    #[error("key {kid} is the active {purpose} key; rotate first: vestibule keys rotate {purpose}")]
    InUse {
        /// The requested id.
        kid: String,
        /// Purpose of the key.
        purpose: Purpose,
    },
    /// The key could not be generated.
    #[error("cannot generate a key")]
    Generation(#[source] pasetors::errors::Error),
}

impl KeyError {
    /// Returns a function for `map_err` that adds the path.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
