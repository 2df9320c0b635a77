//! Entities of SeaORM, one file per table. Not used outside this crate.
//!
//! The schema is defined in `migrations/`; `tests/schema.rs` compares the two.
#![expect(unreachable_pub, reason = "the derive macros ask for public items")]

pub(crate) mod audit_event;
pub(crate) mod ended_session;
pub(crate) mod outbox;
pub(crate) mod password;
pub(crate) mod reset;
pub(crate) mod reset_request;
pub(crate) mod session;
pub(crate) mod setup_link;
pub(crate) mod sign_in_failure;
pub(crate) mod smtp_settings;
pub(crate) mod user;
