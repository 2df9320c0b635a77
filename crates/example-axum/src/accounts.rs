//! The use cases, and an adapter for every port they work through.

use std::path::Path;
use std::sync::Arc;

use vestibule_domain::housekeeping::Housekeeping;
use vestibule_domain::outbox::Dispatcher;
use vestibule_domain::policy::{PasswordPolicy, Policy};
use vestibule_domain::ports::{Clock as _, Mailer, OsRandom, Ports, SystemClock};
use vestibule_domain::recovery::Recovery;
use vestibule_domain::sessions::Sessions;
use vestibule_limits::MemoryLimiter;
use vestibule_passwords::{Argon2Hasher, CommonPasswordFilter, Settings as Cost};
use vestibule_storage::{SeaStore, Settings};
use vestibule_tokens::{
    KeyDirectory, KeyRing, PasetoAccessTokens, PasetoResetTokens, PasetoSealer,
};

/// Who signs the tokens, and for whom: other services ask for it when they verify one.
const ISSUER: &str = "https://notes.example.com";

/// Everything that is done with accounts.
pub struct Accounts {
    /// Opening them.
    pub own: vestibule_domain::accounts::Accounts,
    /// Signing in, and who is behind a request.
    pub sessions: Sessions,
    /// Forgotten passwords.
    pub recovery: Recovery,
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
    pub async fn open(folder: &Path, mailer: Arc<dyn Mailer>) -> anyhow::Result<Self> {
        let store = SeaStore::connect(&Settings::for_file(&folder.join("accounts.db"))).await?;
        vestibule_migrations::migrate(store.connection()).await?;
        let keys = KeyDirectory::create(folder.join("keys"), SystemClock.now())?;
        let keys = Arc::new(KeyRing::load(keys)?);
        let hasher = Argon2Hasher::new(Cost::default(), Arc::new(OsRandom))?;
        let ports = Ports {
            store: Arc::new(store.clone()),
            hasher: Arc::new(hasher),
            common_passwords: Arc::new(CommonPasswordFilter::embedded()),
            access_tokens: Arc::new(PasetoAccessTokens::new(keys.clone(), ISSUER, ISSUER)),
            reset_tokens: Arc::new(PasetoResetTokens::new(keys.clone(), ISSUER)),
            sealer: Arc::new(PasetoSealer::new(keys)),
            limiter: Arc::new(MemoryLimiter::default()),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
        };
        // A password that is little more than the product's name is refused.
        let passwords = PasswordPolicy { product_name: "Notes".to_owned(), ..Default::default() };
        let policy = Policy { passwords, ..Policy::default() };
        Ok(Self {
            own: vestibule_domain::accounts::Accounts::new(ports.clone(), policy.clone()),
            sessions: Sessions::new(ports.clone(), policy.clone()),
            recovery: Recovery::new(ports.clone(), policy.clone()),
            outbox: Dispatcher::new(ports.clone(), mailer, policy.outbox.clone()),
            housekeeping: Housekeeping::new(ports, policy),
            store,
        })
    }
}
