//! The rules of accounts and sessions, and the ports they need.

pub mod accounts;
pub mod administration;
pub mod caller;
pub mod email;
pub mod error;
pub mod id;
mod limits;
pub mod mail;
pub mod outbox;
pub mod password;
pub mod policy;
pub mod ports;
pub mod recovery;
pub mod reset;
pub mod session;
pub mod sessions;
pub mod token;
pub mod user;
pub mod username;
