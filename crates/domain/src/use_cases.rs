//! The use cases: the operations that inbound adapters call.
//!
//! Each checks limits, does slow work such as hashing, and then commits one unit of work.

pub mod accounts;
pub mod admin_context;
pub mod administration;
pub mod authenticated_session;
pub mod first_admin;
pub mod housekeeping;
pub mod outbox;
mod password_strength;
mod rate_limits;
pub mod recovery;
pub mod sessions;
mod sign_in_throttle;
pub mod smtp_settings;
