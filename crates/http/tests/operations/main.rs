//! Operations over the store in memory, through everything a request passes on its way.
#![expect(clippy::unwrap_used, reason = "tests panic when something is wrong")]

mod access;
mod lists;
mod people;
mod settings;
mod test_app;
