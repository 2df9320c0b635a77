//! Why a command did not succeed, and the exit code that says so.

use std::fmt;

use crate::config::{Invalid, Problem};

/// The end of a command that did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something has to be set up differently first: exit code 3.
    Configuration(Invalid),
    /// Anything else: exit code 1.
    Other(anyhow::Error),
}

impl Failure {
    /// One thing that has to be set up differently.
    pub(crate) fn configuration(at: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Configuration(Problem::new(at, remedy).into())
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Configuration(_) => 3,
            Self::Other(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(invalid) => invalid.fmt(f),
            // The alternate form of `anyhow` has every cause on one line.
            Self::Other(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::Configuration(invalid)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<vestibule_domain::error::Error> for Failure {
    fn from(error: vestibule_domain::error::Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}
