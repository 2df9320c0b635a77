//! The ports: what the use cases need from the world, in reading order.
//!
//! A port's documentation states what its adapter guarantees. The contract suite in
//! `vestibule-testkit` has a test for every such sentence about the store, and every store passes
//! it; adding a rule means adding the test first.

use std::sync::Arc;

use crate::audit::{AuditEvent, Doer, EventKind};
use crate::caller::Caller;
use crate::id::{EventId, UserId};

mod audit;
mod failures;
mod installation;
mod limiter;
mod mailer;
#[cfg(test)]
pub(crate) mod mocks;
mod outbox;
mod passwords;
mod sealer;
mod sessions;
mod store;
mod system;
mod tokens;

pub use audit::Audit;
pub use failures::Failures;
pub use installation::Installation;
pub use limiter::{Action, Decision, Limit, LimitKey, RateLimiter, Subject};
pub use mailer::{MailError, Mailer, Mailers, Receipt};
#[cfg(test)]
pub(crate) use mailer::{MockMailer, MockMailers};
pub use outbox::Outbox;
pub use passwords::{CommonPasswords, HashError, PasswordHasher, Verdict};
pub use sealer::{SealError, SealPurpose, Sealer};
pub use sessions::Sessions;
pub use store::{Credentials, Insertion, Resets, Store, StoreError, UnitOfWork, Users};
pub use system::{Clock, OsRandom, Random, SystemClock};
pub use tokens::{AccessTokens, ResetTokens, TokenError};

/// Every port the use cases work through, wired once by the composition root.
#[derive(Clone)]
pub struct Ports {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// How passwords are hashed.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Which passwords everybody tries first.
    pub common_passwords: Arc<dyn CommonPasswords>,
    /// How access tokens are signed.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// How reset tokens are signed.
    pub reset_tokens: Arc<dyn ResetTokens>,
    /// How secrets are kept that have to be read again.
    pub sealer: Arc<dyn Sealer>,
    /// Who may try again.
    pub limiter: Arc<dyn RateLimiter>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where secrets come from.
    pub random: Arc<dyn Random>,
}

impl Ports {
    /// An event of this moment, to be recorded in the unit of the act it tells of.
    pub(crate) fn event(
        &self,
        kind: EventKind,
        user_id: Option<UserId>,
        by: Doer,
        caller: &Caller,
    ) -> AuditEvent {
        let at = self.clock.now();
        let id = EventId::generate(at, &*self.random);
        AuditEvent { id, at, kind, user_id, by, caller: caller.clone() }
    }
}
