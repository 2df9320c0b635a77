//! What the pages work with: use cases, words, files and the operator's choices.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use vestibule_domain::accounts::Accounts;
use vestibule_domain::administration::Administration;
use vestibule_domain::language::Language;
use vestibule_domain::mail_setup::MailSetup;
use vestibule_domain::ports::{Clock, MailError, Random, Sealer};
use vestibule_domain::recovery::Recovery;
use vestibule_domain::sessions::Sessions;
use vestibule_domain::setup::Setup;

use crate::cookies::Jar;
use crate::files::Files;

/// The use cases behind the pages, wired once by the composition root.
#[derive(Clone)]
pub struct State {
    /// Sign-up and password change.
    pub accounts: Arc<Accounts>,
    /// Sign-in, sign-out, and who is behind a request.
    pub sessions: Arc<Sessions>,
    /// Forgotten passwords.
    pub recovery: Arc<Recovery>,
    /// The first administrator.
    pub setup: Arc<Setup>,
    /// What administrators do to accounts.
    pub administration: Arc<Administration>,
    /// Where mail goes.
    pub mail_setup: Arc<MailSetup>,
    /// Says in somebody's language why a mail did not go out.
    pub explain: Arc<Explain>,
    /// Closes what one page tells the next.
    pub sealer: Arc<dyn Sealer>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where form cookies come from.
    pub random: Arc<dyn Random>,
}

/// Puts into words why a mail did not go out, and what to do next.
pub type Explain = dyn Fn(&MailError, Language) -> String + Send + Sync;

/// What the operator has decided about the pages.
#[derive(Clone, Debug)]
pub struct Options {
    /// The product's name.
    pub product: String,
    /// Where people come: scheme, host and port, without a slash at the end.
    pub origin: String,
    /// How long the page that tells of a reset waits before it moves on; `None` to stay.
    pub reset_redirect: Option<Duration>,
    /// How long a browser is to keep the key of a session at most.
    pub session_lasts: Duration,
    /// Where to report security problems: an address for `security.txt` (RFC 9116), if there is one.
    pub security_contact: Option<String>,
    /// Where each key of the mail settings is set, by its name in the configuration.
    pub mail_origins: BTreeMap<String, SettingOrigin>,
}

/// Where the configuration sets something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingOrigin {
    /// In the environment variable of that name.
    Environment(String),
    /// In the file of that name.
    File(String),
}

/// Everything the pages work with.
pub(crate) struct Site {
    pub(crate) state: State,
    pub(crate) options: Options,
    pub(crate) jar: Jar,
    pub(crate) files: Files,
}

impl Site {
    pub(crate) fn new(state: State, options: Options, files: Files) -> Self {
        let jar = Jar::new(options.origin.starts_with("https://"));
        Self { state, options, jar, files }
    }
}
