//! The values and entities of the domain: what a user, a session or a mail is, and its rules.
//!
//! Nothing here does I/O or knows a port.

pub mod audit;
pub mod claims;
pub mod client;
pub mod email;
pub mod id;
pub mod language;
pub mod mail;
pub mod password;
pub mod password_reset;
pub mod policy;
pub mod refresh_token;
pub mod secret;
pub mod session;
pub mod sign_in_failures;
pub mod smtp_settings;
pub mod stats;
pub mod user;
pub mod username;
