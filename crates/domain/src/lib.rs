//! The rules of user accounts and sessions, and the ports they need.
//!
//! No I/O, no framework, no clock of its own: a service embeds this crate by implementing each port
//! and calling the use cases. `vestibule` is one such service.
//!
//! - [`model`]: values and entities.
//! - [`ports`]: the interfaces that adapters implement.
//! - [`use_cases`]: the operations that inbound adapters call.
//! - [`system`]: time and randomness, as ports.
//! - [`error`]: the error of the use cases.
//!
//! Invariants:
//! - The store receives no secret in a usable form: passwords are hashed, tokens signed or stored as
//!   digests, the SMTP password sealed.
//! - No password is hashed, no mail sent and no network used while a unit of work is open.
//! - A race is decided by one conditional statement of the store, not by reading first.
//! - An audit event is written in the same unit of work as the operation it describes.
//! - A request for a reset link does not look up the account; the worker does so later.

pub mod error;
#[cfg(test)]
mod fixtures;
pub mod model;
pub mod ports;
pub mod system;
pub mod use_cases;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
