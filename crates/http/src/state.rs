//! What operations work with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vestibule_domain::accounts::Accounts;
use vestibule_domain::ports::Store;
use vestibule_domain::recovery::Recovery;
use vestibule_domain::sessions::Sessions;

use crate::keys::PublishedKey;

/// The use cases behind the operations, wired once by the composition root.
#[derive(Clone)]
pub struct State {
    /// Sign-up and password change.
    pub accounts: Arc<Accounts>,
    /// Sign-in, sign-out and the check of every authenticated request.
    pub sessions: Arc<Sessions>,
    /// Forgotten passwords.
    pub recovery: Arc<Recovery>,
    /// Asked by the readiness probe only.
    pub store: Arc<dyn Store>,
    /// The keys other services verify access tokens with, as of now.
    pub published_keys: Arc<dyn Fn() -> Vec<PublishedKey> + Send + Sync>,
    /// Set when the process is about to stop, so that load balancers look elsewhere.
    pub draining: Arc<AtomicBool>,
}

impl State {
    /// Whether the process is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
