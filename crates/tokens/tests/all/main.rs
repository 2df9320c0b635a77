//! The crate seen from outside: its tokens, its keys, and everything it refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fixture;

mod access;
mod keys;
mod owners;
mod refusals;
mod reset;
mod seal;
