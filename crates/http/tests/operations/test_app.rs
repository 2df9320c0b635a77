//! The API as a server mounts it, with an administrator and a user.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, Method};
use poem::{Endpoint, EndpointExt as _, Request, Response};
use serde_json::Value;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::password::Password;
use vestibule_domain::model::policy::Policy;
use vestibule_domain::model::smtp_settings::SmtpSettings;
use vestibule_domain::model::user::User;
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::{Ports, Store};
use vestibule_domain::use_cases::accounts::{Accounts, SignUp};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::administration::Administration;
use vestibule_domain::use_cases::recovery::Recovery;
use vestibule_domain::use_cases::sessions::{Sessions, SignIn};
use vestibule_domain::use_cases::smtp_settings::{Configured, SmtpAdministration};
use vestibule_http::{ApiState, ClientAddress, RequestContext, TrustedProxies, protect, routes};
use vestibule_testkit::clock::ManualClock;
use vestibule_testkit::common_passwords::HandfulOfCommonPasswords;
use vestibule_testkit::hasher::PlainHasher;
use vestibule_testkit::limiter::CountingLimiter;
use vestibule_testkit::mailer::TestMailers;
use vestibule_testkit::memory::MemoryStore;
use vestibule_testkit::random::SteadyRandom;
use vestibule_testkit::sealer::TestSealer;
use vestibule_testkit::tokens::RememberedTokens;

pub(crate) const ORIGIN: &str = "https://accounts.example.com";
pub(crate) const COOKIE: &str = "__Host-vestibule_session";
pub(crate) const ADMIN: &str = "admin@example.com";
pub(crate) const ANNA: &str = "anna@example.com";
const PASSWORD: &str = "a good long password";

/// Everything a request can reach, and what happens behind it.
pub(crate) struct TestApp {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) limiter: Arc<CountingLimiter>,
    pub(crate) mailers: Arc<TestMailers>,
    state: ApiState,
    endpoint: BoxEndpoint<'static>,
}

/// The response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    /// Fields and codes of everything that is wrong with a body.
    pub(crate) fn violations(&self) -> Vec<(&str, &str)> {
        assert_eq!(self.problem(), (422, "invalid_input"), "{self:?}");
        let errors = self.body["errors"].as_array().unwrap().iter();
        errors.map(|e| (e["field"].as_str().unwrap(), e["code"].as_str().unwrap())).collect()
    }
}

impl TestApp {
    /// With an administrator and Anna, who is none.
    pub(crate) async fn new() -> Self {
        Self::configured(|_| Configured::Nothing).await
    }

    /// The same, with what the configuration says about mail.
    pub(crate) async fn configured(mail: impl FnOnce(&TestMailers) -> Configured) -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(ManualClock::default());
        let limiter = Arc::new(CountingLimiter::default());
        let mailers = Arc::new(TestMailers::default());
        let tokens = Arc::new(RememberedTokens::default());
        let random = Arc::new(SteadyRandom::default());
        let ports = Ports {
            store: store.clone(),
            hasher: Arc::new(PlainHasher::default()),
            common_passwords: Arc::new(HandfulOfCommonPasswords),
            access_tokens: tokens.clone(),
            reset_tokens: tokens,
            sealer: Arc::new(TestSealer::default()),
            limiter: limiter.clone(),
            clock: clock.clone(),
            random: random.clone(),
        };
        let policy = Policy::default();
        let configured = mail(&mailers);
        let smtp =
            SmtpAdministration::new(ports.clone(), policy.clone(), mailers.clone(), configured);
        let state = ApiState {
            accounts: Arc::new(Accounts::new(ports.clone(), policy.clone())),
            sessions: Arc::new(Sessions::new(ports.clone(), policy.clone())),
            recovery: Arc::new(Recovery::new(ports.clone(), policy.clone())),
            administration: Arc::new(Administration::new(ports, policy)),
            smtp: Arc::new(smtp),
            explain: Arc::new(|error| format!("explained: {error}")),
            session_cookie: COOKIE.to_owned(),
            public_origin: ORIGIN.to_owned(),
            store: store.clone(),
            published_keys: Arc::new(Vec::new),
            draining: Arc::new(AtomicBool::new(false)),
        };
        let client = ClientAddress::new(TrustedProxies::default());
        let endpoint =
            protect(routes(state.clone()), client, RequestContext::new(random, true)).boxed();
        let app = Self { store, clock, limiter, mailers, state, endpoint };
        let admin = app.sign_up(ADMIN).await;
        let by = AdminContext::operator();
        app.state.administration.set_admin(&by, &admin, true).await.unwrap();
        app.sign_up(ANNA).await;
        app
    }

    pub(crate) async fn sign_up(&self, email: &str) -> User {
        self.limiter.forget();
        let email = EmailAddress::parse(email).unwrap();
        let username = Username::parse(&format!("{}-user", email.local_part())).unwrap();
        let password = Password::parse(PASSWORD).unwrap();
        let request = SignUp { email, username, password, language: None };
        self.state.accounts.sign_up(request, &ClientInfo::default()).await.unwrap().user
    }

    fn sign_in_as(email: &str) -> SignIn {
        let email = EmailAddress::parse(email).unwrap();
        SignIn { email, password: Password::parse(PASSWORD).unwrap(), language: None }
    }

    /// An access token.
    pub(crate) async fn token(&self, email: &str) -> String {
        let request = Self::sign_in_as(email);
        let signed_in = self.state.sessions.sign_in(request, &ClientInfo::default()).await.unwrap();
        format!("Bearer {}", signed_in.access_token.expose())
    }

    /// A browser's cookie.
    pub(crate) async fn cookie(&self, email: &str) -> String {
        let request = Self::sign_in_as(email);
        let client = ClientInfo::default();
        let signed_in = self.state.sessions.sign_in_browser(request, &client).await.unwrap();
        format!("{COOKIE}={}", signed_in.key.expose())
    }

    pub(crate) async fn user(&self, email: &str) -> User {
        let email = EmailAddress::parse(email).unwrap();
        self.store.find_user_by_email(email.key()).await.unwrap().unwrap().0
    }

    /// Sends a request with these headers.
    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let method: Method = method.parse().unwrap();
        let mut request = Request::builder().method(method).uri(target.parse().unwrap());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.content_type("application/json");
        }
        let response: Response = self.endpoint.call(request.body(body.to_owned())).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = body.into_string().await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
        }
    }

    /// Sends a request of the administrator.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: &str) -> Answer {
        let token = self.token(ADMIN).await;
        let target = format!("/api/v1/admin{path}");
        self.send(method, &target, &[("Authorization", &token)], body).await
    }
}

/// An SMTP server as a configuration would describe it.
pub(crate) fn an_smtp_server() -> SmtpSettings {
    use vestibule_domain::model::smtp_settings::{
        SmtpCredentials, SmtpHost, SmtpPassword, SmtpSecurity,
    };
    let password = SmtpPassword::new("from the configuration".to_owned());
    SmtpSettings {
        host: SmtpHost::parse("smtp.configured.example").unwrap(),
        port: 465.try_into().unwrap(),
        security: SmtpSecurity::Tls,
        credentials: Some(SmtpCredentials::new("mailer", password).unwrap()),
        from_address: EmailAddress::parse("no-reply@example.com").unwrap(),
        from_name: None,
    }
}
