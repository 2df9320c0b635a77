//! What the tests need besides a tool chain.
//!
//! Each need is one module that finds, gets and starts something, and one line in `NEEDS`.

mod account;
mod postgres;

use std::any::Any;

use anyhow::Result;

/// One thing tests need.
struct Need {
    name: &'static str,
    /// Part of the name of every test that cannot run without it.
    skip: &'static str,
    meet: fn() -> Result<Met>,
}

const NEEDS: [Need; 1] = [Need { name: "PostgreSQL", skip: "postgres", meet: postgres::meet }];

/// A need that is met.
struct Met {
    /// Tells the tests where it is.
    variable: (String, String),
    /// Stops it when dropped; nothing for what we did not start.
    running: Option<Box<dyn Any>>,
}

/// All needs, met or not.
///
/// What was started is stopped when this is dropped.
pub(crate) struct Needs {
    /// For the environment of the tests.
    pub(crate) variables: Vec<(String, String)>,
    /// Parts of names of tests that cannot run.
    pub(crate) skips: Vec<&'static str>,
    /// What could not be had, and why, one sentence each.
    pub(crate) missing: Vec<String>,
    running: Vec<Box<dyn Any>>,
}

/// Gets and starts what can be had.
pub(crate) fn meet() -> Needs {
    let mut needs = Needs {
        variables: Vec::new(),
        skips: Vec::new(),
        missing: Vec::new(),
        running: Vec::new(),
    };
    for need in NEEDS {
        match (need.meet)() {
            Ok(met) => {
                needs.variables.push(met.variable);
                needs.running.extend(met.running);
            }
            Err(error) => {
                needs.skips.push(need.skip);
                needs.missing.push(format!("{}: {error:#}", need.name));
            }
        }
    }
    needs
}
