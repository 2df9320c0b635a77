//! The ports: what the use cases need from the world, in reading order.
//!
//! A port's documentation states what its adapter guarantees. The contract suite in
//! `vestibule-testkit` has a test for every such sentence about the store, and every store passes
//! it; adding a rule means adding the test first.

mod limiter;
mod mailer;
#[cfg(test)]
pub(crate) mod mocks;
mod passwords;
mod store;
mod system;
mod tokens;

pub use limiter::{Action, Decision, Limit, LimitKey, RateLimiter, Subject};
pub use mailer::{MailError, Mailer, Receipt};
pub use passwords::{HashError, PasswordHasher, Verdict};
pub use store::{
    Credentials, Insertion, Outbox, Resets, Sessions, Store, StoreError, UnitOfWork, Users,
};
pub use system::{Clock, OsRandom, Random, SystemClock};
pub use tokens::{AccessTokens, ResetTokens, TokenError};
