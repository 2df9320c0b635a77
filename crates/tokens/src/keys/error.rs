//! What can be wrong with the key directory, worded for the one who has to repair it.

use std::io;
use std::path::PathBuf;

use crate::purpose::Purpose;

/// Why keys cannot be used or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file system said no.
    #[error("{} cannot be read or written", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// Others than the owner have access to a key file.
    #[error("others can read the key file {0}; run: chmod 600 {0}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner could put files into the directory.
    #[error("others can write to the key directory {0}; run: chmod 700 {0}", path.display())]
    ExposedDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The directory belongs to somebody to whom a new file cannot be given.
    #[error("the key directory {} belongs to the user with the id {owner}, who could not read what is written here; run it as that user, or as root", path.display())]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// Its owner: the user the service runs as.
        owner: u32,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// A symbolic link, a device or a directory where a key file should be.
    #[error("{} is not a regular file; put the key file itself there", path.display())]
    NotAFile {
        /// What is there instead.
        path: PathBuf,
    },
    /// The content is not that of a key file. The content itself is not repeated: it is secret.
    #[error("the key file {} is damaged: {problem}; restore it from a backup", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// The id in the file is not that of its key.
    #[error("the key file {} has an id that is not its key's; restore it from a backup", path.display())]
    WrongId {
        /// The file.
        path: PathBuf,
    },
    /// A key made for one purpose lies where those of another are.
    #[error("the key file {} holds a key for another purpose than its name says", path.display())]
    WrongPurpose {
        /// The file.
        path: PathBuf,
    },
    /// Two files hold one key.
    #[error("the key file {} holds the same key as another one; remove the copy", path.display())]
    Duplicate {
        /// The second file.
        path: PathBuf,
        /// The key both hold.
        kid: String,
    },
    /// There is nothing to sign or seal with.
    #[error("there is no {purpose} key in use in {}; make one: vestibule keys rotate {purpose}", path.display())]
    NoActiveKey {
        /// The directory.
        path: PathBuf,
        /// What cannot be signed or sealed.
        purpose: Purpose,
    },
    /// No key has this id.
    #[error("there is no key {kid}")]
    UnknownKey {
        /// The id that was asked for.
        kid: String,
    },
    /// The key that signs or seals cannot be retired.
    #[error("the key {kid} is the one that {}; rotate first: vestibule keys rotate {purpose}", purpose.verb())]
    StillSigning {
        /// The id that was asked for.
        kid: String,
        /// What it signs or seals.
        purpose: Purpose,
    },
    /// The system made no key.
    #[error("no key could be generated")]
    Generation(#[source] pasetors::errors::Error),
}

impl KeyError {
    /// For `map_err` on what is done to `path`.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
