//! The use cases, an adapter for each of their ports, and the state of the API.

use std::path::Path;
use std::sync::Arc;

use vestibule_domain::model::policy::Policy;
use vestibule_domain::ports::{Clock as _, OsRandom, Ports, SystemClock};
use vestibule_domain::use_cases::housekeeping::Housekeeping;
use vestibule_domain::use_cases::outbox::Dispatcher;
use vestibule_domain::use_cases::smtp_settings::SmtpAdministration;
use vestibule_http::{ApiState, PublishedKey};
use vestibule_limits::MemoryLimiter;
use vestibule_passwords::{Argon2Hasher, CommonPasswordFilter, Settings as Cost};
use vestibule_storage::{SeaStore, Settings};
use vestibule_tokens::{
    KeyDirectory, KeyRing, PasetoAccessTokens, PasetoResetTokens, PasetoSealer,
};

use crate::printer::Printer;

/// URL of the service; also issuer and audience of the tokens.
const ORIGIN: &str = "http://127.0.0.1:3000";

/// The use cases and the store.
pub struct Accounts {
    /// State of the API.
    pub api: ApiState,
    /// Sends waiting mails.
    pub outbox: Dispatcher,
    /// Deletes expired rows.
    pub housekeeping: Housekeeping,
    /// The store, to be closed at the end.
    pub store: SeaStore,
}

impl Accounts {
    /// Opens the accounts in an existing folder, and creates database and keys at the first start.
    ///
    /// # Errors
    /// An error if the folder, the database or the keys cannot be used.
    pub async fn open(folder: &Path) -> anyhow::Result<Self> {
        let store = SeaStore::connect(&Settings::for_file(&folder.join("accounts.db"))).await?;
        vestibule_migrations::migrate(store.connection()).await?;
        let keys = KeyDirectory::create(folder.join("keys"), SystemClock.now())?;
        let keys = Arc::new(KeyRing::load(keys)?);
        let ports = ports(&store, &keys)?;
        let policy = Policy::default();
        let printer = Arc::new(Printer);
        Ok(Self {
            api: state(&ports, &policy, &printer, keys),
            outbox: Dispatcher::new(ports.clone(), printer, policy.outbox.clone()),
            housekeeping: Housekeeping::new(ports, policy),
            store,
        })
    }
}

fn ports(store: &SeaStore, keys: &Arc<KeyRing>) -> anyhow::Result<Ports> {
    let hasher = Argon2Hasher::new(Cost::default(), Arc::new(OsRandom))?;
    Ok(Ports {
        store: Arc::new(store.clone()),
        hasher: Arc::new(hasher),
        common_passwords: Arc::new(CommonPasswordFilter::embedded()),
        access_tokens: Arc::new(PasetoAccessTokens::new(keys.clone(), ORIGIN, ORIGIN)),
        reset_tokens: Arc::new(PasetoResetTokens::new(keys.clone(), ORIGIN)),
        sealer: Arc::new(PasetoSealer::new(keys.clone())),
        limiter: Arc::new(MemoryLimiter::default()),
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    })
}

fn state(ports: &Ports, policy: &Policy, printer: &Arc<Printer>, keys: Arc<KeyRing>) -> ApiState {
    let smtp = SmtpAdministration::fixed(ports.clone(), policy.clone(), printer.clone());
    let published_keys = Arc::new(move || published(&keys));
    ApiState { published_keys, ..ApiState::new(ports, policy, smtp, ORIGIN) }
}

/// Returns the public keys for services that verify access tokens.
fn published(keys: &KeyRing) -> Vec<PublishedKey> {
    let keys = keys.public_keys().into_iter();
    let purpose = || "access".to_owned();
    keys.map(|key| PublishedKey { kid: key.kid, key: key.key, purpose: purpose() }).collect()
}
