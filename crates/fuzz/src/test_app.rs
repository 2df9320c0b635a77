//! The whole service with test adapters: use cases, API and pages, without a network or a database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, EndpointExt as _, Request, Response};
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::password::Password;
use vestibule_domain::model::policy::Policy;
use vestibule_domain::model::user::User;
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::Ports;
use vestibule_domain::use_cases::accounts::{Accounts, SignUp};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::administration::Administration;
use vestibule_domain::use_cases::first_admin::FirstAdminSetup;
use vestibule_domain::use_cases::outbox::Dispatcher;
use vestibule_domain::use_cases::recovery::Recovery;
use vestibule_domain::use_cases::sessions::{Sessions, SignIn};
use vestibule_domain::use_cases::smtp_settings::{Configured, SmtpAdministration};
use vestibule_http::{ClientAddress, RequestContext, TrustedProxies};
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

/// The use cases with test adapters and without rate limits.
pub(crate) struct UseCases {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) outgoing: Arc<Outgoing>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) recovery: Arc<Recovery>,
    pub(crate) administration: Arc<Administration>,
    pub(crate) dispatcher: Dispatcher,
    smtp: Arc<SmtpAdministration>,
    setup: Arc<FirstAdminSetup>,
    ports: Ports,
}

impl UseCases {
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
            smtp: Arc::new(SmtpAdministration::new(p(), q(), mailers, Configured::Nothing)),
            setup: Arc::new(FirstAdminSetup::new(p(), q())),
            dispatcher: Dispatcher::new(p(), outgoing.clone(), policy.outbox.clone()),
            clock,
            outgoing,
            store,
            ports,
        }
    }

    /// Combines API and pages as the server does.
    fn endpoint(&self) -> BoxEndpoint<'static> {
        let state = vestibule_web::WebState {
            accounts: self.accounts.clone(),
            sessions: self.sessions.clone(),
            recovery: self.recovery.clone(),
            setup: self.setup.clone(),
            administration: self.administration.clone(),
            smtp: self.smtp.clone(),
            explain: Arc::new(|error, _| error.to_string()),
            sealer: self.ports.sealer.clone(),
            clock: self.clock.clone(),
            random: self.ports.random.clone(),
        };
        let options = Options {
            product: "Acme".to_owned(),
            origin: ORIGIN.to_owned(),
            reset_redirect: None,
            session_ttl: Duration::from_hours(24),
            security_contact: None,
            mail_origins: BTreeMap::new(),
        };
        let pages = Pages::new(state, options, Files::read(None, &Locales::embedded()).unwrap());
        let api = vestibule_http::ApiState {
            accounts: self.accounts.clone(),
            sessions: self.sessions.clone(),
            recovery: self.recovery.clone(),
            administration: self.administration.clone(),
            smtp: self.smtp.clone(),
            explain: Arc::new(ToString::to_string),
            session_cookie: pages.session_cookie(),
            public_origin: ORIGIN.to_owned(),
            store: self.store.clone(),
            published_keys: Arc::new(Vec::new),
            draining: Arc::new(AtomicBool::new(false)),
        };
        let client = ClientAddress::new(TrustedProxies::default());
        let requests = RequestContext::new(self.ports.random.clone(), true);
        let whole = pages.with_api(vestibule_http::routes(api));
        pages.with_error_pages(vestibule_http::protect(whole, client, requests)).boxed()
    }
}

/// The service with a signed-in administrator.
pub(crate) struct TestApp {
    pub(crate) use_cases: UseCases,
    /// Administrator's token for the header `Authorization`.
    pub(crate) token: String,
    /// Administrator's key for the session cookie.
    pub(crate) key: String,
    endpoint: BoxEndpoint<'static>,
}

/// A response of the app.
#[derive(Debug)]
pub(crate) struct TestResponse {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        let use_cases = UseCases::new();
        let endpoint = use_cases.endpoint();
        let (email, password) = (address(ADMIN), Password::parse(PASSWORD).unwrap());
        let username = Username::parse("admin").unwrap();
        let request =
            SignUp { email: email.clone(), username, password: password.clone(), language: None };
        let client = ClientInfo::default();
        let admin: User = use_cases.accounts.sign_up(request, &client).await.unwrap().user;
        use_cases.administration.set_admin(&AdminContext::operator(), &admin, true).await.unwrap();
        let request = SignIn { email, password, language: None };
        let signed_in = use_cases.sessions.sign_in(request, &client).await.unwrap();
        let token = format!("Bearer {}", signed_in.access_token.expose());
        let mut app = Self { use_cases, token, key: String::new(), endpoint };
        app.open_browser().await;
        app
    }

    /// Signs the administrator in again, with a browser session.
    pub(crate) async fn open_browser(&mut self) {
        let (email, password) = (address(ADMIN), Password::parse(PASSWORD).unwrap());
        let request = SignIn { email, password, language: None };
        let browser =
            self.use_cases.sessions.sign_in_browser(request, &ClientInfo::default()).await;
        browser.unwrap().key.expose().clone_into(&mut self.key);
    }

    pub(crate) async fn send(&self, request: Request) -> TestResponse {
        let response: Response = self.endpoint.call(request).await.unwrap();
        let header = |name| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (kind, location) = (header("content-type"), header("location"));
        let status = response.status().as_u16();
        let body = response.into_body().into_string().await.unwrap_or_default();
        TestResponse { status, kind: kind.unwrap_or_default(), location, body }
    }

    /// Returns `true` if the administrator's browser session is valid.
    pub(crate) async fn is_signed_in(&self) -> bool {
        self.use_cases
            .sessions
            .authenticate_browser(&self.key, &ClientInfo::default())
            .await
            .is_ok()
    }
}

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}
