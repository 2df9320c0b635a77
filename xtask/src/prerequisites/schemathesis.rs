//! Schemathesis, which generates requests from the OpenAPI document.
//!
//! Installed in a virtual environment below `target`, with pinned versions.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use super::{Provided, path_from_env, python};
use crate::shell;

/// Environment variable with the path of the program.
const VARIABLE: &str = "VESTIBULE_TEST_SCHEMATHESIS";

/// Requirements file with the pinned versions, from the root.
pub(super) const REQUIREMENTS: &str = "crates/server/tests/blackbox/schemas/requirements.txt";

/// Finds or installs the program.
pub(super) fn provide(root: &Path) -> Result<Provided> {
    let program = if let Some(program) = path_from_env(VARIABLE) {
        program
    } else {
        let environment = shell::target(root).join("schemathesis");
        python::environment(&environment, &root.join(REQUIREMENTS))?;
        python::program(&environment, "st")
    };
    let variables = vec![(VARIABLE.to_owned(), OsString::from(program))];
    Ok(Provided { variables, running: None })
}
