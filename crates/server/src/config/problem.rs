//! What is wrong with a configuration, all of it at once.

use std::fmt;

/// One thing that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The key, file or environment variable.
    pub(crate) at: String,
    /// What is wrong and what is expected.
    pub(crate) remedy: String,
}

/// A configuration that cannot be used.
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
