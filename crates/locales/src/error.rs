//! Why overriding texts cannot be used.

use std::io;
use std::path::PathBuf;

/// Why overriding texts cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalesError {
    /// A file or a directory is not there, not for us, or not text.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A directory is not named after a language that there is.
    #[error("{} is not named after a language; the languages are en, de and ar", path.display())]
    UnknownLanguage {
        /// The directory.
        path: PathBuf,
    },
    /// A file has a mistake in it.
    #[error("{}, line {line}: {fault}", file.display())]
    Faulty {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The mistake.
        fault: Fault,
    },
}

/// A mistake in a file of overriding texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is not Fluent.
    #[error("{0}")]
    Syntax(String),
    /// There is nothing of that name to override.
    #[error("there is no text `{0}` to override")]
    UnknownKey(String),
    /// One text is given twice.
    #[error("the text `{0}` is given twice")]
    Duplicate(String),
    /// Nobody gives a value to that variable.
    #[error("the text `{key}` has no variable `${variable}`")]
    UnknownVariable {
        /// The text.
        key: String,
        /// The variable, without its dollar sign.
        variable: String,
    },
    /// It refers to something that is not there.
    #[error("the text `{key}` refers to `{reference}`, which does not exist")]
    UnknownReference {
        /// The text.
        key: String,
        /// What it refers to.
        reference: String,
    },
}
