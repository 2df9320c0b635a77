//! Argon2id password hashing with bounded concurrency and memory, and a list of common passwords.
//!
//! Hashing a password is expensive on purpose, so this crate limits the number of concurrent
//! hashes, the time to wait for one, and the cost of a stored hash. It also contains a filter of
//! common passwords; the domain decides which passwords to reject. Imported accounts can keep
//! password hashes of other systems, which this crate verifies.

mod bloom;
mod engine;
mod filter;
mod fold;
mod foreign;
mod hasher;
mod phc;
mod self_test;
mod word_list;
mod workers;

pub use engine::EngineKind;
pub use filter::{CommonPasswordFilter, build_filter};
pub use foreign::{Comparison, ForeignHash, Scheme, UnusableHash};
pub use hasher::{Argon2Hasher, EngineChoice, Settings, SettingsError};
pub use self_test::SelfTestError;
pub use word_list::CommonListError;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
