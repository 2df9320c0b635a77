//! Tests of the mailers with a scripted SMTP server.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod delivery;
mod dev_mailbox;
mod encryption;
mod failures;
mod given;
mod injection;
mod overriding;
mod texts;
