//! The composition root: creates the adapters from the configuration, and the use cases from their
//! ports.

mod access;
mod limits;
mod mail;
mod observability;
mod pages;
mod passwords;
mod store;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use poem::EndpointExt as _;
use poem::endpoint::BoxEndpoint;
use vestibule_domain::error::chain;
use vestibule_domain::model::language::Language;
use vestibule_domain::ports::{Mailer, OsRandom, Ports, RateLimiter, SystemClock};
use vestibule_domain::use_cases::accounts::Accounts;
use vestibule_domain::use_cases::administration::Administration;
use vestibule_domain::use_cases::first_admin::FirstAdminSetup;
use vestibule_domain::use_cases::housekeeping::Housekeeping;
use vestibule_domain::use_cases::outbox::Dispatcher;
use vestibule_domain::use_cases::recovery::Recovery;
use vestibule_domain::use_cases::sessions::Sessions;
use vestibule_domain::use_cases::smtp_settings::SmtpAdministration;
use vestibule_http::{ApiState, ClientAddress, PublishedKey, RequestContext, TrustedProxies};
use vestibule_locales::Locales;
use vestibule_mail::DevMailbox;
use vestibule_storage::SeaStore;
use vestibule_tokens::{
    KeyDirectory, KeyRing, PasetoAccessTokens, PasetoResetTokens, PasetoSealer,
};
use vestibule_web::{Files, Pages};

use self::observability::Observability;
use self::passwords::Passwords;
pub(crate) use self::store::no_store;
use crate::config::{Config, Invalid, Problem, PublicUrl};
use crate::dev_mail;
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::probe;
use crate::traces::Traced;

/// The wired service.
pub(crate) struct App {
    /// Sessions of users.
    pub(crate) state: ApiState,
    /// Administration of accounts.
    pub(crate) administration: Arc<Administration>,
    /// SMTP settings.
    pub(crate) smtp: Arc<SmtpAdministration>,
    /// First-administrator setup.
    pub(crate) setup: Arc<FirstAdminSetup>,
    /// The store, for migrations and shutdown.
    pub(crate) store: SeaStore,
    /// The token keys.
    pub(crate) keys: Arc<KeyRing>,
    /// Access tokens, with a cache of verified ones.
    pub(crate) access_tokens: Arc<PasetoAccessTokens>,
    /// The dev mailbox of `--dev`.
    pub(crate) kept: Option<Arc<DevMailbox>>,
    /// Texts of pages and mails.
    pub(crate) locales: Locales,
    pages: Pages,
    ports: Ports,
    observability: Observability,
    config: Config,
    public_url: PublicUrl,
}

/// Behaviour while a database server is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// An unavailable server is an error.
    Required,
    /// The caller waits for it with [`vestibule_storage::SeaStore::check_available`].
    MayComeLater,
}

/// Wires the service. Creates the data folder, the keys and the database file if they are missing;
/// does not migrate.
///
/// # Errors
/// [`Failure::Configuration`] with all configuration errors.
pub(crate) async fn compose(
    config: &Config,
    public_url: &PublicUrl,
    server: Server,
) -> Result<App, Failure> {
    #[cfg(feature = "fault-injection")]
    let config = &crate::faults::configuration(config)?;
    let mut problems = Vec::new();
    let mut note = |problem: Problem| problems.push(problem);

    let folder = data_folder(&config.data_dir).map_err(&mut note).ok();
    let keys = folder.and_then(|()| key_ring(&config.data_dir).map_err(&mut note).ok());
    let locales = pages::locales(config).map_err(&mut note).ok();
    let words = pages::words(locales.as_ref());
    let mail = mail::mail(config, public_url, &words).map_err(&mut note).ok();
    let files = pages::files(config, &words).map_err(&mut note).ok();
    let store = store::store(config, server).await.map_err(&mut note).ok();
    let passwords = passwords::passwords(config).map_err(&mut note).ok();
    let (Some(keys), Some(locales), Some(mail), Some(files), Some(store), Some(passwords)) =
        (keys, locales, mail, files, store, passwords)
    else {
        return Err(Invalid(problems).into());
    };
    let keys = Arc::new(keys);
    let access_tokens = Arc::new(access_tokens(config, public_url, &keys));
    let tokens = access_tokens.clone();
    let limiter = limits::limiter(config).await;
    let observability = Observability {
        metrics: config.metrics.map(|_| Arc::new(Metrics::new())),
        hasher: passwords.hasher.clone(),
        shared_limits: limiter.shared(),
    };
    let adapters = Adapters { passwords, tokens, limiter: limiter.port() };
    let ports = ports(config, public_url, &keys, &store, adapters);
    #[cfg(feature = "fault-injection")]
    let (ports, configured) = crate::faults::inject(config, ports, mail.configured, &store).await?;
    #[cfg(feature = "fault-injection")]
    let mail = mail::Mail { configured, ..mail };
    let mut ports = ports;
    if let Some(metrics) = &observability.metrics {
        metrics.watch(&mut ports);
    }
    Ok(wire(
        config,
        public_url,
        Parts { keys, access_tokens, locales, mail, files, store, ports, observability },
    ))
}

/// The adapters for passwords, access tokens and rate limits, which report metrics.
struct Adapters {
    passwords: Passwords,
    tokens: Arc<PasetoAccessTokens>,
    limiter: Arc<dyn RateLimiter>,
}

fn access_tokens(
    config: &Config,
    public_url: &PublicUrl,
    keys: &Arc<KeyRing>,
) -> PasetoAccessTokens {
    let issuer = config.issuer.as_deref().unwrap_or(public_url.as_str());
    let audience = config.audience.as_deref().unwrap_or(public_url.as_str());
    PasetoAccessTokens::new(keys.clone(), issuer, audience)
}

/// The parts that use cases, API and pages are created from.
struct Parts {
    keys: Arc<KeyRing>,
    access_tokens: Arc<PasetoAccessTokens>,
    locales: Locales,
    mail: mail::Mail,
    files: Files,
    store: SeaStore,
    ports: Ports,
    observability: Observability,
}

fn ports(
    config: &Config,
    public_url: &PublicUrl,
    keys: &Arc<KeyRing>,
    store: &SeaStore,
    adapters: Adapters,
) -> Ports {
    let Adapters { passwords, tokens, limiter } = adapters;
    let issuer = config.issuer.as_deref().unwrap_or(public_url.as_str());
    Ports {
        store: Arc::new(store.clone()),
        hasher: passwords.hasher,
        common_passwords: Arc::new(passwords.common),
        access_tokens: tokens,
        reset_tokens: Arc::new(PasetoResetTokens::new(keys.clone(), issuer)),
        sealer: Arc::new(PasetoSealer::new(keys.clone())),
        limiter,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    }
}

fn wire(config: &Config, public_url: &PublicUrl, parts: Parts) -> App {
    let Parts { keys, access_tokens, locales, mail, files, store, ports, observability } = parts;
    let policy = &config.policy;
    let accounts = Arc::new(Accounts::new(ports.clone(), policy.clone()));
    let sessions = Arc::new(Sessions::new(ports.clone(), policy.clone()));
    let recovery = Arc::new(Recovery::new(ports.clone(), policy.clone()));
    let administration = Arc::new(Administration::new(ports.clone(), policy.clone()));
    let setup = Arc::new(FirstAdminSetup::new(ports.clone(), policy.clone()));
    let mailers = Arc::new(mail.mailers);
    let smtp =
        Arc::new(SmtpAdministration::new(ports.clone(), policy.clone(), mailers, mail.configured));
    let explain = pages::explanations(&locales);
    let behind_pages = vestibule_web::WebState {
        accounts: accounts.clone(),
        sessions: sessions.clone(),
        recovery: recovery.clone(),
        setup: setup.clone(),
        administration: administration.clone(),
        smtp: smtp.clone(),
        explain: explain.clone(),
        sealer: ports.sealer.clone(),
        clock: ports.clock.clone(),
        random: ports.random.clone(),
    };
    let pages = pages::pages(config, public_url, files, behind_pages);
    let state = ApiState {
        accounts,
        sessions,
        recovery,
        administration: administration.clone(),
        smtp: smtp.clone(),
        explain: Arc::new(move |error| explain(error, Language::English)),
        session_cookie: pages.session_cookie(),
        public_origin: public_url.as_str().to_owned(),
        store: ports.store.clone(),
        published_keys: Arc::new({
            let keys = keys.clone();
            move || published(&keys)
        }),
        draining: Arc::new(AtomicBool::new(false)),
    };
    App {
        state,
        administration,
        smtp,
        setup,
        store,
        keys,
        access_tokens,
        kept: mail.kept,
        locales,
        pages,
        ports,
        observability,
        config: config.clone(),
        public_url: public_url.clone(),
    }
}

impl App {
    /// Returns the HTTP endpoint of API and pages.
    pub(crate) fn endpoint(&self) -> BoxEndpoint<'static> {
        let proxies = TrustedProxies::new(self.config.trusted_proxies.clone());
        let mut requests =
            RequestContext::new(self.ports.random.clone(), self.public_url.is_https());
        if let Some(observer) = self.observability.observer() {
            requests = requests.observed_by(observer);
        }
        let mut routes = vestibule_http::routes(self.state.clone());
        routes = probe::add(routes, self.ports.sealer.clone(), self.ports.clock.clone());
        if let Some(kept) = &self.kept {
            routes = dev_mail::add(routes, kept.clone());
        }
        let answers = self.pages.with_api(routes);
        let client = ClientAddress::new(proxies.clone());
        let protected = vestibule_http::protect(answers, client, requests);
        if self.config.traces.is_none() {
            return self.pages.with_error_pages(protected).boxed();
        }
        let traced = Traced::new(protected, proxies, self.public_url.is_https());
        self.pages.with_error_pages(traced).boxed()
    }

    /// Returns the use case that deletes old rows.
    pub(crate) fn housekeeping(&self) -> Housekeeping {
        Housekeeping::new(self.ports.clone(), self.config.policy.clone())
    }

    /// Returns the dispatcher of queued mails with this mailer.
    pub(crate) fn dispatcher(&self, mailer: Arc<dyn Mailer>) -> Dispatcher {
        Dispatcher::new(self.ports.clone(), mailer, self.config.policy.outbox.clone())
    }
}

fn published(keys: &KeyRing) -> Vec<PublishedKey> {
    let publish = |key: vestibule_tokens::PublishedKey| PublishedKey {
        kid: key.kid,
        key: key.key,
        purpose: "access".to_owned(),
    };
    keys.public_keys().into_iter().map(publish).collect()
}

/// Validates the configuration without connecting, creating or changing anything.
///
/// # Errors
/// [`Invalid`] with all problems.
pub(crate) fn check(config: &Config, public_url: &PublicUrl) -> Result<(), Invalid> {
    let locales = pages::locales(config);
    let words = pages::words(locales.as_ref().ok());
    let mail = mail::mail(config, public_url, &words).err();
    let files = pages::files(config, &words).err();
    let problems = [locales.err(), mail, files, passwords::passwords(config).err()];
    let problems: Vec<Problem> = problems.into_iter().flatten().collect();
    if problems.is_empty() { Ok(()) } else { Err(Invalid(problems)) }
}

/// Creates the data folder, readable by its owner only.
fn data_folder(path: &Path) -> Result<(), Problem> {
    use std::os::unix::fs::DirBuilderExt;
    let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    let writable = created.and_then(|()| {
        // Writing a file is the only check that works on all file systems and for all users.
        let probe = path.join(format!(".writable-{}", std::process::id()));
        std::fs::File::create_new(&probe).and_then(|_| std::fs::remove_file(&probe))
    });
    writable.map_err(|error| {
        let at = format!("server.data_dir = {:?}", path.display().to_string());
        let remedy = format!("not writable ({error}); choose a folder that this user may write");
        Problem::new(at, remedy)
    })
}

/// Loads the token keys, and creates them on the first start.
///
/// # Errors
/// A [`Problem`] with the file and a remedy.
pub(crate) fn key_ring(data_dir: &Path) -> Result<KeyRing, Problem> {
    let path = data_dir.join("keys");
    let now = vestibule_domain::ports::Clock::now(&SystemClock);
    KeyDirectory::create(&path, now)
        .and_then(KeyRing::load)
        .map_err(|error| Problem::new(path.display().to_string(), chain(&error)))
}
