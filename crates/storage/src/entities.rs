//! The tables as rows, one file each. They never leave this crate.
//!
//! The schema itself is described in `migrations/`; `tests/schema.rs` compares the two.
#![expect(unreachable_pub, reason = "the derive macros ask for public items")]

pub(crate) mod ended_session;
pub(crate) mod event;
pub(crate) mod failure;
pub(crate) mod outbox;
pub(crate) mod password;
pub(crate) mod relay;
pub(crate) mod reset;
pub(crate) mod reset_request;
pub(crate) mod session;
pub(crate) mod setup_link;
pub(crate) mod user;
