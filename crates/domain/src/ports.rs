//! The ports: the interfaces that adapters implement for the use cases.
//!
//! The documentation of a port is its contract. `vestibule-testkit` has a test for each sentence
//! about the store, and each store passes them; a new rule starts with its test.

use std::sync::Arc;

use crate::model::audit::{Actor, AuditAction, AuditEvent};
use crate::model::client::ClientInfo;
use crate::model::id::{EventId, UserId};
pub use crate::system::{Clock, OsRandom, Random, SystemClock};

mod audit;
mod installation;
mod limiter;
mod mailer;
#[cfg(test)]
pub(crate) mod mocks;
mod outbox;
mod passwords;
mod sealer;
mod sessions;
mod sign_in_failures;
mod store;
mod tokens;

pub use audit::AuditStore;
pub use installation::InstallationStore;
pub use limiter::{Action, Decision, Limit, LimitKey, RateLimiter, Subject};
pub use mailer::{MailError, Mailer, Mailers, Receipt};
#[cfg(test)]
pub(crate) use mailer::{MockMailer, MockMailers};
pub use outbox::OutboxStore;
pub use passwords::{CommonPasswords, HashError, PasswordHasher, Verdict};
pub use sealer::{SealError, SealPurpose, Sealer};
pub use sessions::SessionStore;
pub use sign_in_failures::SignInFailureStore;
pub use store::{CredentialStore, Insertion, ResetStore, Store, StoreError, UnitOfWork, UserStore};
pub use tokens::{AccessTokens, ResetTokens, TokenError};

/// All ports of the use cases, wired by the composition root.
#[derive(Clone)]
pub struct Ports {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Hashes and verifies passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// The list of common passwords.
    pub common_passwords: Arc<dyn CommonPasswords>,
    /// Signs and verifies access tokens.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// Signs and verifies reset tokens.
    pub reset_tokens: Arc<dyn ResetTokens>,
    /// Encrypts secrets for storage.
    pub sealer: Arc<dyn Sealer>,
    /// Counts attempts for rate limits.
    pub limiter: Arc<dyn RateLimiter>,
    /// The current time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
}

impl Ports {
    /// Creates an audit event at the current time, to be recorded in the operation's unit of work.
    pub(crate) fn event(
        &self,
        kind: AuditAction,
        user_id: Option<UserId>,
        by: Actor,
        client: &ClientInfo,
    ) -> AuditEvent {
        let at = self.clock.now();
        let id = EventId::generate(at, &*self.random);
        AuditEvent { id, at, kind, user_id, by, client: client.clone() }
    }
}
