//! The rules of accounts and sessions, and the ports they need.
//!
//! Pure computation: no I/O, no framework, no clock but the one it is given. A service embeds it by
//! bringing an adapter for every port and calling the use cases; `vestibule` is one such service.
//!
//! Read in this order: the values ([`email`], [`username`], [`password`]), what they make up
//! ([`user`], [`session`], [`refresh`], [`mod@reset`], [`failures`], [`mail`], [`relay`], [`token`],
//! [`secret`], [`audit`]), the [`ports`], and then the use cases ([`accounts`], [`sessions`], [`recovery`], [`outbox`], [`setup`],
//! [`administration`], [`mail_setup`], [`housekeeping`]).
//!
//! What always holds:
//! - No secret reaches the store except as a password hash; links and access tokens are signed, not
//!   stored.
//! - No password is hashed, no mail sent and no network touched while a unit of work is open.
//! - What decides a race is one statement of the store, never a look and then a leap.
//! - What an administrator may ask about later is recorded in the unit that did it.
//! - Whether an address has an account is found out by the worker, not while its asker waits.

pub mod accounts;
pub mod administration;
pub mod audit;
pub mod authority;
pub mod caller;
pub mod census;
pub mod email;
pub mod error;
pub mod failures;
mod guessable;
pub mod housekeeping;
pub mod id;
pub mod language;
mod limits;
pub mod mail;
pub mod mail_setup;
pub mod outbox;
pub mod password;
pub mod policy;
pub mod ports;
pub mod recovery;
pub mod refresh;
pub mod relay;
pub mod reset;
pub mod secret;
pub mod session;
pub mod sessions;
pub mod setup;
pub mod token;
pub mod user;
pub mod username;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
