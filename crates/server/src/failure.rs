//! The error of a command, and its exit code.

use std::fmt;

use sea_orm::DbErr;
use vestibule_domain::error::Error;
use vestibule_migrations::MigrateError;

use crate::config::{Invalid, Problem};

/// The error of a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A configuration error: exit code 3.
    Configuration(Invalid),
    /// Another error: exit code 1.
    Other(anyhow::Error),
}

impl Failure {
    /// Creates a configuration error of one key.
    pub(crate) fn configuration(at: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Configuration(Problem::new(at, remedy).into())
    }

    /// Returns `true` if a retry may help.
    pub(crate) fn is_transient(&self) -> bool {
        let Self::Other(error) = self else { return false };
        error.chain().any(|cause| {
            cause.downcast_ref::<DbErr>().is_some_and(vestibule_storage::is_transient)
                || matches!(cause.downcast_ref(), Some(Error::Unavailable(_)))
        })
    }

    /// Returns the exit code of the process.
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
            // The alternate format of `anyhow` prints all causes on one line.
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

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        match error {
            error @ MigrateError::NewerSchema { .. } => {
                Self::configuration(error.to_string(), "run the newer version of Vestibule")
            }
            error => Self::Other(error.into()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}
