//! Argon2id with bounded concurrency and bounded memory, and the list of common passwords.
//!
//! Hashing a password is meant to be expensive, so this crate decides how much of it happens at
//! once, how long others wait for it, and how much work a stored hash may ask for. It also knows
//! which passwords are guessed first; what is refused for that is the domain's decision. And it
//! compares passwords with hashes of other systems, which accounts bring along when they are
//! imported.

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
pub use self_test::Distrust;
pub use word_list::CommonListError;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
