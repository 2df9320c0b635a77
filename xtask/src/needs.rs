//! What the tests need besides a tool chain.
//!
//! Each need is one module that finds, gets and starts something, and one line in `NEEDS`.

mod account;
mod browser;
mod node;
mod packages;
mod postgres;
mod proxies;
mod python;
mod redis;
mod schemathesis;
mod stamp;
mod strace;
mod systemd;

use std::any::Any;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use self::postgres::programs;
use crate::shell;

/// One thing tests need.
struct Need {
    name: &'static str,
    /// Who needs it.
    tests: Tests,
    meet: fn(&Path) -> Result<Met>,
}

/// The tests that cannot run without something.
enum Tests {
    /// Those of Cargo that have one of these in their names.
    Named(&'static [&'static str]),
    /// The browser suite.
    Browser,
}

/// The tests that stop and set PostgreSQL servers of their own.
const CLUSTERS: &[&str] = &["dependencies::", "failover::"];

/// The tests with Node.js: of the document by its linter, of the client and of the guide in TypeScript.
const NODE: &[&str] = &["clients::document::", "clients::typescript::", "recipes::typescript"];

/// The tests with Python: of the client and of the guide in it.
const PYTHON: &[&str] = &["clients::python::", "recipes::python"];

const NEEDS: [Need; 10] = [
    Need { name: "PostgreSQL", tests: Tests::Named(&["postgres"]), meet: postgres::meet },
    Need { name: "PostgreSQL's programs", tests: Tests::Named(CLUSTERS), meet: programs::meet },
    Need { name: "Redis", tests: Tests::Named(&["redis"]), meet: redis::meet },
    Need {
        name: "nginx and Caddy",
        tests: Tests::Named(&["reverse_proxy::"]),
        meet: proxies::meet,
    },
    Need { name: "systemd", tests: Tests::Named(&["systemd_understands"]), meet: systemd::meet },
    Need { name: "strace", tests: Tests::Named(&["strace"]), meet: strace::meet },
    Need { name: "schemathesis", tests: Tests::Named(&["schemathesis"]), meet: schemathesis::meet },
    Need { name: "Node.js", tests: Tests::Named(NODE), meet: node::meet },
    Need { name: "Python", tests: Tests::Named(PYTHON), meet: python::meet },
    Need { name: "browser", tests: Tests::Browser, meet: browser::meet },
];

/// Which tests are to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Suites {
    /// Those Cargo knows.
    pub(crate) cargo: bool,
    /// Those of the pages, in a browser.
    pub(crate) browser: bool,
}

/// A need that is met.
struct Met {
    /// Tell the tests where it is.
    variables: Vec<(String, OsString)>,
    /// Stops it when dropped; nothing for what we did not start.
    running: Option<Box<dyn Any>>,
}

/// All needs, met or not.
///
/// What was started is stopped when this is dropped.
pub(crate) struct Needs {
    /// For the environment of the tests.
    pub(crate) variables: Vec<(String, OsString)>,
    /// Parts of names of Cargo's tests that cannot run.
    pub(crate) skips: Vec<&'static str>,
    /// Whether the browser suite can run.
    pub(crate) browser: bool,
    /// What could not be had, and why, one sentence each.
    pub(crate) missing: Vec<String>,
    running: Vec<Box<dyn Any>>,
}

/// A PostgreSQL server, by its address, and what keeps it running.
///
/// # Errors
///
/// When there is none and none can be had.
pub(crate) fn postgres(root: &Path) -> Result<(String, Option<Box<dyn Any>>)> {
    let Met { variables, running } = postgres::meet(root)?;
    let address = variables.into_iter().next().and_then(|(_, url)| url.into_string().ok());
    Ok((address.context("an address of PostgreSQL")?, running))
}

/// What the caller chose with a variable. Nothing is installed in its place.
fn chosen(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Installs valgrind, if it is not there.
///
/// # Errors
///
/// When it is not there and cannot be installed.
pub(crate) fn valgrind() -> Result<()> {
    if shell::ask("valgrind", &["--version"]).is_some() {
        return Ok(());
    }
    packages::install(&["valgrind"])
}

/// Gets and starts what can be had, and no more than these tests need.
pub(crate) fn meet(root: &Path, suites: Suites) -> Needs {
    let mut needs = Needs {
        variables: Vec::new(),
        skips: Vec::new(),
        browser: suites.browser,
        missing: Vec::new(),
        running: Vec::new(),
    };
    for need in NEEDS {
        let is_needed = match need.tests {
            Tests::Named(_) => suites.cargo,
            Tests::Browser => suites.browser,
        };
        if !is_needed {
            continue;
        }
        match (need.meet)(root) {
            Ok(met) => {
                needs.variables.extend(met.variables);
                needs.running.extend(met.running);
            }
            Err(error) => {
                match need.tests {
                    Tests::Named(parts) => needs.skips.extend(parts),
                    Tests::Browser => needs.browser = false,
                }
                needs.missing.push(format!("{}: {error:#}", need.name));
            }
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_taken_as_it_is() {
        assert_eq!(chosen("PATH"), std::env::var_os("PATH").map(PathBuf::from));
        assert_eq!(chosen("VESTIBULE_TEST_NO_SUCH_THING"), None);
    }
}
