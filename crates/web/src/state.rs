//! State of the pages: use cases, files and options.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use vestibule_domain::model::language::Language;
use vestibule_domain::ports::{Clock, MailError, Random, Sealer};
use vestibule_domain::use_cases::accounts::Accounts;
use vestibule_domain::use_cases::administration::Administration;
use vestibule_domain::use_cases::first_admin::FirstAdminSetup;
use vestibule_domain::use_cases::recovery::Recovery;
use vestibule_domain::use_cases::sessions::Sessions;
use vestibule_domain::use_cases::smtp_settings::SmtpAdministration;

use crate::cookies::CookieJar;
use crate::files::Files;

/// The use cases of the pages, wired by the composition root.
#[derive(Clone)]
pub struct WebState {
    /// Sign-up and password change.
    pub accounts: Arc<Accounts>,
    /// Sign-in, sign-out and authentication.
    pub sessions: Arc<Sessions>,
    /// Password reset.
    pub recovery: Arc<Recovery>,
    /// Setup of the first administrator.
    pub setup: Arc<FirstAdminSetup>,
    /// Administration of users and mails.
    pub administration: Arc<Administration>,
    /// Administration of the SMTP settings.
    pub smtp: Arc<SmtpAdministration>,
    /// Describes mail errors in a language.
    pub explain: Arc<Explain>,
    /// Encrypts flash messages.
    pub sealer: Arc<dyn Sealer>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of form cookies.
    pub random: Arc<dyn Random>,
}

/// Describes in a language why a mail was not sent, and how to fix it.
pub type Explain = dyn Fn(&MailError, Language) -> String + Send + Sync;

/// Options of the pages, set by the operator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Product name.
    pub product: String,
    /// Public origin: scheme, host and port, without a slash at the end.
    pub origin: String,
    /// Pause before the page after a reset redirects to sign-in; `None` for no redirect.
    pub reset_redirect: Option<Duration>,
    /// Maximum age of session cookies.
    pub session_ttl: Duration,
    /// Contact for security problems, published in `security.txt` (RFC 9116).
    pub security_contact: Option<String>,
    /// Source of each configured SMTP setting, by configuration key.
    pub mail_origins: BTreeMap<String, SettingOrigin>,
}

/// Source of a setting in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingOrigin {
    /// The environment variable of that name.
    Environment(String),
    /// The file of that name.
    File(String),
}

/// Everything that page handlers need.
pub(crate) struct AppState {
    pub(crate) state: WebState,
    pub(crate) options: Options,
    pub(crate) jar: CookieJar,
    pub(crate) files: Files,
}

impl AppState {
    pub(crate) fn new(state: WebState, options: Options, files: Files) -> Self {
        let jar = CookieJar::new(options.origin.starts_with("https://"));
        Self { state, options, jar, files }
    }
}
