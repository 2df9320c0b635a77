//! Scenario tests of the use cases, with the in-memory store and a manual clock.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests panic when something is wrong")]

mod administration;
mod audit;
mod browser;
mod devices;
mod ended;
mod first_admin;
mod guessing;
mod languages;
mod limits;
mod outbox;
mod recovery;
mod refresh;
mod sessions;
mod smtp;
mod world;
