//! The state of the API: use cases and settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use poem::http::StatusCode;
use poem::{Error, Request, Result};
use vestibule_domain::error::chain;
use vestibule_domain::model::policy::Policy;
use vestibule_domain::ports::{MailError, Ports, Store};
use vestibule_domain::use_cases::accounts::Accounts;
use vestibule_domain::use_cases::administration::Administration;
use vestibule_domain::use_cases::recovery::Recovery;
use vestibule_domain::use_cases::sessions::Sessions;
use vestibule_domain::use_cases::smtp_settings::SmtpAdministration;

use crate::views::PublishedKey;

/// The use cases and settings of the operations, wired by the composition root.
#[derive(Clone)]
pub struct ApiState {
    /// Sign-up and password change.
    pub accounts: Arc<Accounts>,
    /// Sign-in, sign-out and authentication of requests.
    pub sessions: Arc<Sessions>,
    /// Password recovery.
    pub recovery: Arc<Recovery>,
    /// Administration of accounts, mails and the audit log.
    pub administration: Arc<Administration>,
    /// SMTP settings.
    pub smtp: Arc<SmtpAdministration>,
    /// Explains a failed delivery to an administrator.
    pub explain: Arc<dyn Fn(&MailError) -> String + Send + Sync>,
    /// Name of the session cookie.
    pub session_cookie: String,
    /// Origin of the public URL: scheme, host and port, as browsers write it.
    pub public_origin: String,
    /// The store, for the readiness check only.
    pub store: Arc<dyn Store>,
    /// Returns the current public keys.
    pub published_keys: Arc<dyn Fn() -> Vec<PublishedKey> + Send + Sync>,
    /// Set at shutdown, so that readiness turns 503.
    pub draining: Arc<AtomicBool>,
}

impl ApiState {
    /// Creates the state from ports, for a service without the pages of this project.
    ///
    /// Cookie name, explanations, published keys and the draining flag have defaults; set the fields to
    /// change them.
    pub fn new(
        ports: &Ports,
        policy: &Policy,
        smtp: SmtpAdministration,
        public_origin: &str,
    ) -> Self {
        Self {
            accounts: Arc::new(Accounts::new(ports.clone(), policy.clone())),
            sessions: Arc::new(Sessions::new(ports.clone(), policy.clone())),
            recovery: Arc::new(Recovery::new(ports.clone(), policy.clone())),
            administration: Arc::new(Administration::new(ports.clone(), policy.clone())),
            smtp: Arc::new(smtp),
            explain: Arc::new(|error| chain(error)),
            session_cookie: "__Host-vestibule_session".to_owned(),
            public_origin: public_origin.to_owned(),
            store: ports.store.clone(),
            published_keys: Arc::new(Vec::new),
            draining: Arc::default(),
        }
    }

    /// Returns the state of a request.
    pub(crate) fn of(request: &Request) -> Result<&Self> {
        request.data().ok_or_else(|| Error::from_status(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// Returns `true` during shutdown.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
