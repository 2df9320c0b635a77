//! Test implementations of all ports, and contract tests for stores.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test, a surprise is a failure")]

pub mod clock;
pub mod common_passwords;
pub mod contract;
pub mod hasher;
pub mod limiter;
pub mod mailer;
pub mod memory;
pub mod random;
pub mod sealer;
#[cfg(feature = "smtp")]
pub mod smtp;
pub mod tokens;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
