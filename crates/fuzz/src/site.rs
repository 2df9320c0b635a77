//! A whole service on stand-ins: use cases, the API and the pages, without a network or a database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, EndpointExt as _, Request, Response};
use vestibule_domain::accounts::{Accounts, SignUp};
use vestibule_domain::administration::Administration;
use vestibule_domain::authority::Authority;
use vestibule_domain::caller::Caller;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::mail_setup::{Configured, MailSetup};
use vestibule_domain::outbox::Dispatcher;
use vestibule_domain::password::Password;
use vestibule_domain::policy::Policy;
use vestibule_domain::ports::Ports;
use vestibule_domain::recovery::Recovery;
use vestibule_domain::sessions::{Sessions, SignIn};
use vestibule_domain::setup::Setup;
use vestibule_domain::user::User;
use vestibule_domain::username::Username;
use vestibule_http::{ClientAddress, Requests, TrustedProxies};
use vestibule_locales::Locales;
use vestibule_testkit::clock::ManualClock;
use vestibule_testkit::common_passwords::HandfulOfCommonPasswords;
use vestibule_testkit::hasher::PlainHasher;
use vestibule_testkit::limiter::CountingLimiter;
use vestibule_testkit::mailer::{Outgoing, TestMailers};
use vestibule_testkit::memory::MemoryStore;
use vestibule_testkit::random::SteadyRandom;
use vestibule_testkit::sealer::TestSealer;
use vestibule_testkit::tokens::RememberedTokens;
use vestibule_web::{Files, Options, Pages};

pub(crate) const ORIGIN: &str = "https://accounts.example.com";
pub(crate) const PASSWORD: &str = "a good long phrase";
const ADMIN: &str = "admin@example.com";

/// The use cases, on stand-ins and without limits.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) outgoing: Arc<Outgoing>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) recovery: Arc<Recovery>,
    pub(crate) administration: Arc<Administration>,
    pub(crate) dispatcher: Dispatcher,
    mail_setup: Arc<MailSetup>,
    setup: Arc<Setup>,
    ports: Ports,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut policy = Policy::default();
        policy.limits.enabled = false;
        let (clock, store) = (Arc::new(ManualClock::default()), Arc::new(MemoryStore::default()));
        let mailers = Arc::new(TestMailers::default());
        let outgoing = mailers.outgoing.clone();
        let tokens = Arc::new(RememberedTokens::default());
        let ports = Ports {
            store: store.clone(),
            hasher: Arc::new(PlainHasher::default()),
            common_passwords: Arc::new(HandfulOfCommonPasswords),
            access_tokens: tokens.clone(),
            reset_tokens: tokens,
            sealer: Arc::new(TestSealer::default()),
            limiter: Arc::new(CountingLimiter::default()),
            clock: clock.clone(),
            random: Arc::new(SteadyRandom::default()),
        };
        let (p, q) = (|| ports.clone(), || policy.clone());
        Self {
            accounts: Arc::new(Accounts::new(p(), q())),
            sessions: Arc::new(Sessions::new(p(), q())),
            recovery: Arc::new(Recovery::new(p(), q())),
            administration: Arc::new(Administration::new(p(), q())),
            mail_setup: Arc::new(MailSetup::new(p(), q(), mailers, Configured::Nothing)),
            setup: Arc::new(Setup::new(p(), q())),
            dispatcher: Dispatcher::new(p(), outgoing.clone(), policy.outbox.clone()),
            clock,
            outgoing,
            store,
            ports,
        }
    }

    /// Puts API and pages together as the server does.
    fn endpoint(&self) -> BoxEndpoint<'static> {
        let state = vestibule_web::State {
            accounts: self.accounts.clone(),
            sessions: self.sessions.clone(),
            recovery: self.recovery.clone(),
            setup: self.setup.clone(),
            administration: self.administration.clone(),
            mail_setup: self.mail_setup.clone(),
            explain: Arc::new(|error, _| error.to_string()),
            sealer: self.ports.sealer.clone(),
            clock: self.clock.clone(),
            random: self.ports.random.clone(),
        };
        let options = Options {
            product: "Acme".to_owned(),
            origin: ORIGIN.to_owned(),
            reset_redirect: None,
            session_lasts: Duration::from_hours(24),
            security_contact: None,
            mail_origins: BTreeMap::new(),
        };
        let pages = Pages::new(state, options, Files::read(None, &Locales::embedded()).unwrap());
        let api = vestibule_http::State {
            accounts: self.accounts.clone(),
            sessions: self.sessions.clone(),
            recovery: self.recovery.clone(),
            administration: self.administration.clone(),
            mail_setup: self.mail_setup.clone(),
            explain: Arc::new(ToString::to_string),
            session_cookie: pages.session_cookie(),
            public_origin: ORIGIN.to_owned(),
            store: self.store.clone(),
            published_keys: Arc::new(Vec::new),
            draining: Arc::new(AtomicBool::new(false)),
        };
        let client = ClientAddress::new(TrustedProxies::default());
        let requests = Requests::new(self.ports.random.clone(), true);
        let whole = pages.beside(vestibule_http::routes(api));
        pages.dress(vestibule_http::protect(whole, client, requests)).boxed()
    }
}

/// The service with an administrator who is signed in.
pub(crate) struct Site {
    pub(crate) world: World,
    /// Of the administrator, in `Authorization`.
    pub(crate) token: String,
    /// Of the administrator, in `Cookie`.
    pub(crate) key: String,
    endpoint: BoxEndpoint<'static>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let world = World::new();
        let endpoint = world.endpoint();
        let (email, password) = (address(ADMIN), Password::parse(PASSWORD).unwrap());
        let username = Username::parse("admin").unwrap();
        let request =
            SignUp { email: email.clone(), username, password: password.clone(), language: None };
        let caller = Caller::default();
        let admin: User = world.accounts.sign_up(request, &caller).await.unwrap().user;
        world.administration.set_admin(&Authority::operator(), &admin, true).await.unwrap();
        let request = SignIn { email, password, language: None };
        let signed_in = world.sessions.sign_in(request, &caller).await.unwrap();
        let token = format!("Bearer {}", signed_in.access_token.expose());
        let mut site = Self { world, token, key: String::new(), endpoint };
        site.open_browser().await;
        site
    }

    /// Signs the administrator in with a browser, once more.
    pub(crate) async fn open_browser(&mut self) {
        let (email, password) = (address(ADMIN), Password::parse(PASSWORD).unwrap());
        let request = SignIn { email, password, language: None };
        let browser = self.world.sessions.sign_in_browser(request, &Caller::default()).await;
        browser.unwrap().key.expose().clone_into(&mut self.key);
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        let response: Response = self.endpoint.call(request).await.unwrap();
        let header = |name| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (kind, location) = (header("content-type"), header("location"));
        let status = response.status().as_u16();
        let body = response.into_body().into_string().await.unwrap_or_default();
        Answer { status, kind: kind.unwrap_or_default(), location, body }
    }

    /// Whether the administrator's browser is still signed in.
    pub(crate) async fn is_signed_in(&self) -> bool {
        self.world.sessions.authenticate_browser(&self.key, &Caller::default()).await.is_ok()
    }
}

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}
