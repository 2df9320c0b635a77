//! What operations work with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use poem::http::StatusCode;
use poem::{Error, Request, Result};
use vestibule_domain::accounts::Accounts;
use vestibule_domain::administration::Administration;
use vestibule_domain::mail_setup::MailSetup;
use vestibule_domain::ports::{MailError, Store};
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
    /// Other people's accounts, and the mails that went to them.
    pub administration: Arc<Administration>,
    /// Where mail goes.
    pub mail_setup: Arc<MailSetup>,
    /// Says why a mail was not taken, and what to do about it, in words for an administrator.
    pub explain: Arc<dyn Fn(&MailError) -> String + Send + Sync>,
    /// The name of the cookie that holds a browser's session.
    pub session_cookie: String,
    /// Where people reach the service, as browsers write it in `Origin`: scheme, host and port.
    pub public_origin: String,
    /// Asked by the readiness probe only.
    pub store: Arc<dyn Store>,
    /// The keys other services verify access tokens with, as of now.
    pub published_keys: Arc<dyn Fn() -> Vec<PublishedKey> + Send + Sync>,
    /// Set when the process is about to stop, so that load balancers look elsewhere.
    pub draining: Arc<AtomicBool>,
}

impl State {
    /// The state that a request was sent here with.
    pub(crate) fn of(request: &Request) -> Result<&Self> {
        request.data().ok_or_else(|| Error::from_status(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// Whether the process is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
