//! One implementation of every port for tests, and the contract they all obey.
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

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
