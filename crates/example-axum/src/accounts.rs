//! The use cases, and an adapter for each of their ports.

use std::path::Path;
use std::sync::Arc;

use vestibule_domain::model::policy::{PasswordPolicy, Policy};
use vestibule_domain::ports::{Clock as _, Mailer, OsRandom, Ports, SystemClock};
use vestibule_domain::use_cases::housekeeping::Housekeeping;
use vestibule_domain::use_cases::outbox::Dispatcher;
use vestibule_domain::use_cases::recovery::Recovery;
use vestibule_domain::use_cases::sessions::Sessions;
use vestibule_limits::MemoryLimiter;
use vestibule_passwords::{Argon2Hasher, CommonPasswordFilter, Settings as Cost};
use vestibule_storage::{SeaStore, Settings};
use vestibule_tokens::{
    KeyDirectory, KeyRing, PasetoAccessTokens, PasetoResetTokens, PasetoSealer,
};

/// Issuer and audience of the tokens, which other services check.
const ISSUER: &str = "https://notes.example.com";

/// The use cases and the store.
pub struct Accounts {
    /// Sign-up.
    pub own: vestibule_domain::use_cases::accounts::Accounts,
    /// Sign-in, and authentication of requests.
    pub sessions: Sessions,
    /// Password resets.
    pub recovery: Recovery,
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
        // Passwords too similar to the product name are rejected.
        let passwords = PasswordPolicy { product_name: "Notes".to_owned(), ..Default::default() };
        let policy = Policy { passwords, ..Policy::default() };
        Ok(Self {
            own: vestibule_domain::use_cases::accounts::Accounts::new(
                ports.clone(),
                policy.clone(),
            ),
            sessions: Sessions::new(ports.clone(), policy.clone()),
            recovery: Recovery::new(ports.clone(), policy.clone()),
            outbox: Dispatcher::new(ports.clone(), mailer, policy.outbox.clone()),
            housekeeping: Housekeeping::new(ports, policy),
            store,
        })
    }
}
