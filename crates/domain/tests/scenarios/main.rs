//! Whole stories over the store in memory, with a clock that moves when it is told to.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests panic when something is wrong")]

mod administration;
mod audit;
mod browser;
mod devices;
mod ended;
mod guessing;
mod languages;
mod limits;
mod mail_setup;
mod outbox;
mod recovery;
mod refresh;
mod sessions;
mod setup;
mod world;
