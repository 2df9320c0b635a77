//! Errors of reading and rendering templates.

use std::io;
use std::path::PathBuf;

/// Error of reading or rendering a template.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The directory of overriding templates, or one of them, cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The directory or file.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// A file or folder overrides no template.
    #[error("{} overrides no template", path.display())]
    Unknown {
        /// The file or folder.
        path: PathBuf,
    },
    /// A template has a syntax error or uses an unknown name.
    #[error("{file}, line {line}: {problem}")]
    Faulty {
        /// The file, or the embedded template that fails with it.
        file: String,
        /// Line of the error.
        line: usize,
        /// Description of the error.
        problem: String,
    },
    /// A page cannot be rendered.
    #[error("the page cannot be rendered")]
    Template(#[source] minijinja::Error),
}
