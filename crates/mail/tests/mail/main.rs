//! The mailers against a relay that does what a test tells it to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod delivery;
mod encryption;
mod failures;
mod given;
mod injection;
mod kept;
mod overriding;
mod texts;
