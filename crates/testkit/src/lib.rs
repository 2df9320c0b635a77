//! One implementation of every port for tests, and the contract they all obey.

pub mod clock;
pub mod hasher;
pub mod mailer;
pub mod random;
pub mod tokens;
