//! The rules of accounts and sessions, and the ports they need.

pub mod caller;
pub mod email;
pub mod error;
pub mod id;
pub mod mail;
pub mod password;
pub mod policy;
pub mod ports;
pub mod reset;
pub mod session;
pub mod token;
pub mod user;
pub mod username;
