//! Configuration errors, collected so that all are reported at once.

use std::fmt;

/// A configuration error with its location and remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Key, file or environment variable.
    pub(crate) at: String,
    /// Error and expected value.
    pub(crate) remedy: String,
}

/// The errors of an invalid configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid(pub Vec<Problem>);

impl Problem {
    pub(crate) fn new(at: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { at: at.into(), remedy: remedy.into() }
    }
}

impl From<Problem> for Invalid {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.remedy)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Invalid {}
