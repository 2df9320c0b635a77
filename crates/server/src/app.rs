//! The composition root: every adapter from the configuration, every use case from its ports.

mod access;
mod limits;
mod mail;
mod pages;
mod passwords;
mod store;
mod watched;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use poem::EndpointExt as _;
use poem::endpoint::BoxEndpoint;
use vestibule_domain::accounts::Accounts;
use vestibule_domain::administration::Administration;
use vestibule_domain::error::chain;
use vestibule_domain::housekeeping::Housekeeping;
use vestibule_domain::language::Language;
use vestibule_domain::mail_setup::MailSetup;
use vestibule_domain::outbox::Dispatcher;
use vestibule_domain::ports::{Mailer, OsRandom, Ports, RateLimiter, SystemClock};
use vestibule_domain::recovery::Recovery;
use vestibule_domain::sessions::Sessions;
use vestibule_domain::setup::Setup;
use vestibule_http::{ClientAddress, PublishedKey, Requests, State, TrustedProxies};
use vestibule_locales::Locales;
use vestibule_mail::KeptMails;
use vestibule_storage::SeaStore;
use vestibule_tokens::{
    KeyDirectory, KeyRing, PasetoAccessTokens, PasetoResetTokens, PasetoSealer,
};
use vestibule_web::{Files, Pages};

use self::passwords::Passwords;
pub(crate) use self::store::no_store;
use self::watched::Watched;
use crate::config::{Config, Invalid, Problem, PublicUrl};
use crate::dev_mail;
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::probe;
use crate::traces::Traced;

/// The whole service, wired.
pub(crate) struct App {
    /// What people do.
    pub(crate) state: State,
    /// What administrators do.
    pub(crate) administration: Arc<Administration>,
    /// Where mail goes.
    pub(crate) mail_setup: Arc<MailSetup>,
    /// The first administrator.
    pub(crate) setup: Arc<Setup>,
    /// The store, for migrations and an orderly end.
    pub(crate) store: SeaStore,
    /// The token keys.
    pub(crate) keys: Arc<KeyRing>,
    /// The access tokens, which remember those they have verified.
    pub(crate) access_tokens: Arc<PasetoAccessTokens>,
    /// The kept mails of `--dev`.
    pub(crate) kept: Option<Arc<KeptMails>>,
    /// The words of pages and mails.
    pub(crate) locales: Locales,
    pages: Pages,
    ports: Ports,
    watched: Watched,
    config: Config,
    public_url: PublicUrl,
}

/// Whether there is anything to do without the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// A server that is away is a problem.
    MustBeThere,
    /// Somebody waits for it: [`vestibule_storage::SeaStore::visit`] tells when it is there.
    MayComeLater,
}

/// Builds everything. Creates the data folder, the keys and the database file if they are missing;
/// does not migrate.
///
/// # Errors
/// [`Failure::Configuration`] with everything that has to be set up differently.
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
    let watched = Watched {
        metrics: config.metrics.map(|_| Arc::new(Metrics::new())),
        hasher: passwords.hasher.clone(),
        shared_limits: limiter.shared(),
    };
    let keepers = Keepers { passwords, tokens, limiter: limiter.port() };
    let ports = ports(config, public_url, &keys, &store, keepers);
    #[cfg(feature = "fault-injection")]
    let (ports, configured) = crate::faults::inject(config, ports, mail.configured, &store).await?;
    #[cfg(feature = "fault-injection")]
    let mail = mail::Mail { configured, ..mail };
    let mut ports = ports;
    if let Some(metrics) = &watched.metrics {
        metrics.watch(&mut ports);
    }
    Ok(wire(
        config,
        public_url,
        Parts { keys, access_tokens, locales, mail, files, store, ports, watched },
    ))
}

/// Who keeps passwords and access tokens, and who counts attempts.
struct Keepers {
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

/// What the use cases and the doors to them are made from.
struct Parts {
    keys: Arc<KeyRing>,
    access_tokens: Arc<PasetoAccessTokens>,
    locales: Locales,
    mail: mail::Mail,
    files: Files,
    store: SeaStore,
    ports: Ports,
    watched: Watched,
}

fn ports(
    config: &Config,
    public_url: &PublicUrl,
    keys: &Arc<KeyRing>,
    store: &SeaStore,
    keepers: Keepers,
) -> Ports {
    let Keepers { passwords, tokens, limiter } = keepers;
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
    let Parts { keys, access_tokens, locales, mail, files, store, ports, watched } = parts;
    let policy = &config.policy;
    let accounts = Arc::new(Accounts::new(ports.clone(), policy.clone()));
    let sessions = Arc::new(Sessions::new(ports.clone(), policy.clone()));
    let recovery = Arc::new(Recovery::new(ports.clone(), policy.clone()));
    let administration = Arc::new(Administration::new(ports.clone(), policy.clone()));
    let setup = Arc::new(Setup::new(ports.clone(), policy.clone()));
    let mailers = Arc::new(mail.mailers);
    let mail_setup =
        Arc::new(MailSetup::new(ports.clone(), policy.clone(), mailers, mail.configured));
    let explain = pages::explanations(&locales);
    let behind_pages = vestibule_web::State {
        accounts: accounts.clone(),
        sessions: sessions.clone(),
        recovery: recovery.clone(),
        setup: setup.clone(),
        administration: administration.clone(),
        mail_setup: mail_setup.clone(),
        explain: explain.clone(),
        sealer: ports.sealer.clone(),
        clock: ports.clock.clone(),
        random: ports.random.clone(),
    };
    let pages = pages::pages(config, public_url, files, behind_pages);
    let state = State {
        accounts,
        sessions,
        recovery,
        administration: administration.clone(),
        mail_setup: mail_setup.clone(),
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
        mail_setup,
        setup,
        store,
        keys,
        access_tokens,
        kept: mail.kept,
        locales,
        pages,
        ports,
        watched,
        config: config.clone(),
        public_url: public_url.clone(),
    }
}

impl App {
    /// Everything the process answers.
    pub(crate) fn endpoint(&self) -> BoxEndpoint<'static> {
        let proxies = TrustedProxies::new(self.config.trusted_proxies.clone());
        let mut requests = Requests::new(self.ports.random.clone(), self.public_url.is_https());
        if let Some(observer) = self.watched.observer() {
            requests = requests.observed_by(observer);
        }
        let mut routes = vestibule_http::routes(self.state.clone());
        routes = probe::add(routes, self.ports.sealer.clone(), self.ports.clock.clone());
        if let Some(kept) = &self.kept {
            routes = dev_mail::add(routes, kept.clone());
        }
        let answers = self.pages.beside(routes);
        let client = ClientAddress::new(proxies.clone());
        let protected = vestibule_http::protect(answers, client, requests);
        if self.config.traces.is_none() {
            return self.pages.dress(protected).boxed();
        }
        let traced = Traced::new(protected, proxies, self.public_url.is_https());
        self.pages.dress(traced).boxed()
    }

    /// The broom.
    pub(crate) fn housekeeping(&self) -> Housekeeping {
        Housekeeping::new(self.ports.clone(), self.config.policy.clone())
    }

    /// The sender of waiting mails, by that way.
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

/// Finds what is wrong with settings without connecting, creating or changing anything.
///
/// # Errors
/// [`Invalid`] with every problem.
pub(crate) fn check(config: &Config, public_url: &PublicUrl) -> Result<(), Invalid> {
    let locales = pages::locales(config);
    let words = pages::words(locales.as_ref().ok());
    let mail = mail::mail(config, public_url, &words).err();
    let files = pages::files(config, &words).err();
    let problems = [locales.err(), mail, files, passwords::passwords(config).err()];
    let problems: Vec<Problem> = problems.into_iter().flatten().collect();
    if problems.is_empty() { Ok(()) } else { Err(Invalid(problems)) }
}

/// Makes the folder that holds the database and the keys; readable by nobody else.
fn data_folder(path: &Path) -> Result<(), Problem> {
    use std::os::unix::fs::DirBuilderExt;
    let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    let writable = created.and_then(|()| {
        // The one way to find out that works on every file system and for every user.
        let probe = path.join(format!(".writable-{}", std::process::id()));
        std::fs::File::create_new(&probe).and_then(|_| std::fs::remove_file(&probe))
    });
    writable.map_err(|error| {
        let at = format!("server.data_dir = {:?}", path.display().to_string());
        let remedy =
            format!("cannot be written to ({error}); make it a folder this user may write");
        Problem::new(at, remedy)
    })
}

/// Loads the token keys, making them on the first start.
///
/// # Errors
/// A [`Problem`] that names the file and what to do about it.
pub(crate) fn key_ring(data_dir: &Path) -> Result<KeyRing, Problem> {
    let path = data_dir.join("keys");
    let now = vestibule_domain::ports::Clock::now(&SystemClock);
    KeyDirectory::create(&path, now)
        .and_then(KeyRing::load)
        .map_err(|error| Problem::new(path.display().to_string(), chain(&error)))
}
