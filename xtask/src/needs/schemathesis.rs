//! Schemathesis, which asks the service everything its own document allows.
//!
//! A Python environment of its own under `target`, with exactly the versions that the tests name.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use super::{Met, chosen, python};
use crate::shell;

/// Where the tests look for the program; whoever sets it chooses another one.
const VARIABLE: &str = "VESTIBULE_TEST_SCHEMATHESIS";

/// The versions, from the root: of the program and of everything it needs.
pub(super) const REQUIREMENTS: &str = "crates/server/tests/blackbox/schemas/requirements.txt";

/// Finds the program, or installs it.
pub(super) fn meet(root: &Path) -> Result<Met> {
    let program = if let Some(program) = chosen(VARIABLE) {
        program
    } else {
        let environment = shell::target(root).join("schemathesis");
        python::environment(&environment, &root.join(REQUIREMENTS))?;
        python::program(&environment, "st")
    };
    let variables = vec![(VARIABLE.to_owned(), OsString::from(program))];
    Ok(Met { variables, running: None })
}
