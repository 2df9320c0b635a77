//! The use cases, an adapter for every port they work through, and the state of the API.

use std::path::Path;
use std::sync::Arc;

use vestibule_domain::housekeeping::Housekeeping;
use vestibule_domain::mail_setup::MailSetup;
use vestibule_domain::outbox::Dispatcher;
use vestibule_domain::policy::Policy;
use vestibule_domain::ports::{Clock as _, OsRandom, Ports, SystemClock};
use vestibule_http::{PublishedKey, State};
use vestibule_limits::MemoryLimiter;
use vestibule_passwords::{Argon2Hasher, CommonPasswordFilter, Settings as Cost};
use vestibule_storage::{SeaStore, Settings};
use vestibule_tokens::{
    KeyDirectory, KeyRing, PasetoAccessTokens, PasetoResetTokens, PasetoSealer,
};

use crate::printer::Printer;

/// Where people reach the service; also who signs the tokens, and for whom.
const ORIGIN: &str = "http://127.0.0.1:3000";

/// Everything that is done with accounts.
pub struct Accounts {
    /// What the API works with.
    pub api: State,
    /// Sending what waits.
    pub outbox: Dispatcher,
    /// Clearing away what is over.
    pub housekeeping: Housekeeping,
    /// To be closed at the end.
    pub store: SeaStore,
}

impl Accounts {
    /// Opens the accounts in a folder, which has to be there. Database and keys are made at the
    /// first start.
    ///
    /// # Errors
    /// Whatever is wrong with the folder, the database or the keys.
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

fn state(ports: &Ports, policy: &Policy, printer: &Arc<Printer>, keys: Arc<KeyRing>) -> State {
    let mail_setup = MailSetup::fixed(ports.clone(), policy.clone(), printer.clone());
    let published_keys = Arc::new(move || published(&keys));
    State { published_keys, ..State::new(ports, policy, mail_setup, ORIGIN) }
}

/// The keys for services that verify access tokens by themselves.
fn published(keys: &KeyRing) -> Vec<PublishedKey> {
    let keys = keys.public_keys().into_iter();
    let purpose = || "access".to_owned();
    keys.map(|key| PublishedKey { kid: key.kid, key: key.key, purpose: purpose() }).collect()
}
