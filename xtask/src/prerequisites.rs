//! Services and programs that the tests need besides the Rust toolchain.
//!
//! Each prerequisite is a module that finds, installs and starts it, and an entry in
//! `PREREQUISITES`.

mod chromium;
mod node;
mod packages;
mod postgres;
mod proxies;
mod python;
mod redis;
mod schemathesis;
mod stamp;
mod strace;
mod system_user;
mod systemd;

use std::any::Any;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use self::postgres::programs;
use crate::shell;

/// Folder of the browser suite, from the root.
pub(crate) const BROWSER_SUITE: &str = "crates/web/browser";

/// A service or program that some tests need.
struct Prerequisite {
    name: &'static str,
    /// Tests that need it.
    tests: Tests,
    provide: fn(&Path) -> Result<Provided>,
}

/// Tests that cannot run without a prerequisite.
enum Tests {
    /// Cargo tests with one of these texts in their names.
    Named(&'static [&'static str]),
    /// The browser suite.
    Browser,
}

/// Tests that start and stop their own PostgreSQL servers.
const CLUSTERS: &[&str] = &["dependencies::", "failover::"];

/// Tests with Node.js: the API linter, and the client and the guide in TypeScript.
const NODE: &[&str] = &["clients::document::", "clients::typescript::", "recipes::typescript"];

/// Tests with Python: the client and the guide.
const PYTHON: &[&str] = &["clients::python::", "recipes::python"];

const PREREQUISITES: [Prerequisite; 10] = [
    Prerequisite {
        name: "PostgreSQL",
        tests: Tests::Named(&["postgres"]),
        provide: postgres::provide,
    },
    Prerequisite {
        name: "PostgreSQL programs",
        tests: Tests::Named(CLUSTERS),
        provide: programs::provide,
    },
    Prerequisite { name: "Redis", tests: Tests::Named(&["redis"]), provide: redis::provide },
    Prerequisite {
        name: "nginx and Caddy",
        tests: Tests::Named(&["reverse_proxy::"]),
        provide: proxies::provide,
    },
    Prerequisite {
        name: "systemd",
        tests: Tests::Named(&["systemd_understands"]),
        provide: systemd::provide,
    },
    Prerequisite { name: "strace", tests: Tests::Named(&["strace"]), provide: strace::provide },
    Prerequisite {
        name: "schemathesis",
        tests: Tests::Named(&["schemathesis"]),
        provide: schemathesis::provide,
    },
    Prerequisite { name: "Node.js", tests: Tests::Named(NODE), provide: node::provide },
    Prerequisite { name: "Python", tests: Tests::Named(PYTHON), provide: python::provide },
    Prerequisite { name: "browser", tests: Tests::Browser, provide: chromium::provide },
];

/// The test suites to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Suites {
    /// The Cargo tests.
    pub(crate) cargo: bool,
    /// The browser suite.
    pub(crate) browser: bool,
}

/// An available prerequisite.
struct Provided {
    /// Environment variables that tell the tests where it is.
    variables: Vec<(String, OsString)>,
    /// Guard that stops it when dropped; `None` if it was not started here.
    running: Option<Box<dyn Any>>,
}

/// The available and the missing prerequisites.
///
/// Services that were started stop when this is dropped.
pub(crate) struct Prerequisites {
    /// Environment variables for the tests.
    pub(crate) variables: Vec<(String, OsString)>,
    /// Parts of the names of Cargo tests that cannot run.
    pub(crate) skips: Vec<&'static str>,
    /// `true` if the browser suite can run.
    pub(crate) browser: bool,
    /// Missing prerequisites with the reasons.
    pub(crate) missing: Vec<String>,
    running: Vec<Box<dyn Any>>,
}

/// Finds or starts a PostgreSQL server; returns its URL and the guard that stops it.
///
/// # Errors
///
/// Fails if there is none and none can be started.
pub(crate) fn postgres(root: &Path) -> Result<(String, Option<Box<dyn Any>>)> {
    let Provided { variables, running } = postgres::provide(root)?;
    let address = variables.into_iter().next().and_then(|(_, url)| url.into_string().ok());
    Ok((address.context("no PostgreSQL URL")?, running))
}

/// Returns the path in an environment variable, which replaces an installation.
fn path_from_env(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Installs valgrind if it is missing.
///
/// # Errors
///
/// Fails if it is missing and cannot be installed.
pub(crate) fn valgrind() -> Result<()> {
    if shell::try_read("valgrind", &["--version"]).is_some() {
        return Ok(());
    }
    packages::install(&["valgrind"])
}

/// Installs and starts the prerequisites of these suites as far as possible.
pub(crate) fn provide(root: &Path, suites: Suites) -> Prerequisites {
    let mut all = Prerequisites {
        variables: Vec::new(),
        skips: Vec::new(),
        browser: suites.browser,
        missing: Vec::new(),
        running: Vec::new(),
    };
    for prerequisite in PREREQUISITES {
        let is_needed = match prerequisite.tests {
            Tests::Named(_) => suites.cargo,
            Tests::Browser => suites.browser,
        };
        if !is_needed {
            continue;
        }
        match (prerequisite.provide)(root) {
            Ok(provided) => {
                all.variables.extend(provided.variables);
                all.running.extend(provided.running);
            }
            Err(error) => {
                match prerequisite.tests {
                    Tests::Named(parts) => all.skips.extend(parts),
                    Tests::Browser => all.browser = false,
                }
                all.missing.push(format!("{}: {error:#}", prerequisite.name));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_selects_a_path() {
        assert_eq!(path_from_env("PATH"), std::env::var_os("PATH").map(PathBuf::from));
        assert_eq!(path_from_env("VESTIBULE_TEST_NO_SUCH_THING"), None);
    }
}
