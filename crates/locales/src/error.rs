//! Errors of overriding texts.

use std::io;
use std::path::PathBuf;

/// The reason why overriding texts cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalesError {
    /// A file or a directory does not exist, is not readable, or is not UTF-8.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Path of the file or directory.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The name of a directory is not a supported language.
    #[error("{} is not a supported language, expected en, de or ar", path.display())]
    UnknownLanguage {
        /// Path of the directory.
        path: PathBuf,
    },
    /// A file is invalid.
    #[error("{}, line {line}: {reason}", file.display())]
    Invalid {
        /// Path of the file.
        file: PathBuf,
        /// Line number, starting at 1.
        line: usize,
        /// Description of the problem.
        reason: InvalidOverride,
    },
}

/// A problem in a file of overriding texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOverride {
    /// The syntax is invalid.
    #[error("{0}")]
    Syntax(String),
    /// There is no text with this key.
    #[error("unknown text `{0}`")]
    UnknownKey(String),
    /// A key occurs twice.
    #[error("duplicate text `{0}`")]
    Duplicate(String),
    /// The text has no such variable.
    #[error("text `{key}` has no variable `${variable}`")]
    UnknownVariable {
        /// Key of the text.
        key: String,
        /// Name of the variable, without the dollar sign.
        variable: String,
    },
    /// The text refers to another text, a term or a function that does not exist.
    #[error("text `{key}` refers to `{reference}`, which does not exist")]
    UnknownReference {
        /// Key of the text.
        key: String,
        /// The reference.
        reference: String,
    },
}
