//! What operations work with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use poem::http::StatusCode;
use poem::{Error, Request, Result};
use vestibule_domain::accounts::Accounts;
use vestibule_domain::administration::Administration;
use vestibule_domain::error::chain;
use vestibule_domain::mail_setup::MailSetup;
use vestibule_domain::policy::Policy;
use vestibule_domain::ports::{MailError, Ports, Store};
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
    /// The use cases over these ports, for a service that has no pages of ours.
    ///
    /// The name of the cookie, the explanations, the published keys and the flag for load balancers
    /// are what they are without any: set the fields that shall be otherwise.
    pub fn new(ports: &Ports, policy: &Policy, mail_setup: MailSetup, public_origin: &str) -> Self {
        Self {
            accounts: Arc::new(Accounts::new(ports.clone(), policy.clone())),
            sessions: Arc::new(Sessions::new(ports.clone(), policy.clone())),
            recovery: Arc::new(Recovery::new(ports.clone(), policy.clone())),
            administration: Arc::new(Administration::new(ports.clone(), policy.clone())),
            mail_setup: Arc::new(mail_setup),
            explain: Arc::new(|error| chain(error)),
            session_cookie: "__Host-vestibule_session".to_owned(),
            public_origin: public_origin.to_owned(),
            store: ports.store.clone(),
            published_keys: Arc::new(Vec::new),
            draining: Arc::default(),
        }
    }

    /// The state that a request was sent here with.
    pub(crate) fn of(request: &Request) -> Result<&Self> {
        request.data().ok_or_else(|| Error::from_status(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// Whether the process is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
