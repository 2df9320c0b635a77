//! Whole stories over the store in memory, with a clock that moves when it is told to.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests panic when something is wrong")]

mod administration;
mod limits;
mod outbox;
mod recovery;
mod sessions;
mod world;
