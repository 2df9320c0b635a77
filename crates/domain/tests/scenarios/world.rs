//! The test environment: all use cases with test adapters, which check that no slow work runs while
//! a unit of work is open.

use std::sync::Arc;

use async_trait::async_trait;
use vestibule_domain::error::{BoxError, Error};
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::model::password::{Password, PasswordHash};
use vestibule_domain::model::policy::{PasswordPolicy, Policy};
use vestibule_domain::model::secret::Secret;
use vestibule_domain::model::smtp_settings::SmtpSettings;
use vestibule_domain::model::user::User;
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::{
    HashError, MailError, Mailer, Mailers, PasswordHasher, Ports, Receipt, Store, Verdict,
};
use vestibule_domain::use_cases::accounts::{Accounts, ChangePassword, SignUp};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::administration::Administration;
use vestibule_domain::use_cases::authenticated_session::AuthenticatedSession;
use vestibule_domain::use_cases::first_admin::FirstAdminSetup;
use vestibule_domain::use_cases::housekeeping::Housekeeping;
use vestibule_domain::use_cases::outbox::Dispatcher;
use vestibule_domain::use_cases::recovery::{Recovery, ResetPassword};
use vestibule_domain::use_cases::sessions::browser::BrowserSignIn;
use vestibule_domain::use_cases::sessions::{Sessions, SignIn, SignedIn};
use vestibule_domain::use_cases::smtp_settings::{Configured, SmtpAdministration};
use vestibule_testkit::clock::ManualClock;
use vestibule_testkit::common_passwords::HandfulOfCommonPasswords;
use vestibule_testkit::hasher::PlainHasher;
use vestibule_testkit::limiter::CountingLimiter;
use vestibule_testkit::mailer::{Outgoing, TestMailers};
use vestibule_testkit::memory::MemoryStore;
use vestibule_testkit::random::SteadyRandom;
use vestibule_testkit::sealer::TestSealer;
use vestibule_testkit::tokens::RememberedTokens;

/// The use cases and adapters of a test.
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) hasher: Arc<PlainHasher>,
    pub(crate) limiter: Arc<CountingLimiter>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) outgoing: Arc<Outgoing>,
    pub(crate) mailers: Arc<TestMailers>,
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) recovery: Recovery,
    pub(crate) administration: Administration,
    pub(crate) setup: Arc<FirstAdminSetup>,
    pub(crate) smtp: SmtpAdministration,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) housekeeping: Housekeeping,
    ports: Ports,
}

/// A port with slow work, which must not be called while a unit of work is open: on SQLite that
/// blocks all writers.
struct Unhurried<T> {
    inner: Arc<T>,
    store: Arc<MemoryStore>,
}

impl<T> Unhurried<T> {
    fn check(&self) {
        assert_eq!(self.store.open_units(), 0, "slow work while a unit of work is open");
    }
}

#[async_trait]
impl PasswordHasher for Unhurried<PlainHasher> {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        self.check();
        // Hashing is slow, so other tasks run meanwhile.
        tokio::task::yield_now().await;
        self.inner.hash(password).await
    }

    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, HashError> {
        self.check();
        self.inner.verify(password, hash).await
    }

    fn accept_foreign_hash(&self, text: &str) -> Result<PasswordHash, HashError> {
        self.inner.accept_foreign_hash(text)
    }

    fn decoy(&self) -> PasswordHash {
        self.inner.decoy()
    }
}

#[async_trait]
impl Mailer for Unhurried<Outgoing> {
    async fn greet(&self) -> Result<(), MailError> {
        self.check();
        self.inner.greet().await
    }

    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        self.check();
        self.inner.send(message).await
    }
}

impl Mailers for Unhurried<TestMailers> {
    fn mailer(&self, smtp: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError> {
        self.inner.mailer(smtp)?;
        let (inner, store) = (self.inner.outgoing.clone(), self.store.clone());
        Ok(Arc::new(Unhurried { inner, store }))
    }

    fn trial(&self, smtp: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError> {
        self.mailer(smtp)
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Policy::default())
    }

    pub(crate) fn with(policy: Policy) -> Self {
        // Allows short passwords in tests; the default is tested in the password module.
        let passwords = PasswordPolicy { min_length: 6, ..policy.passwords };
        let policy = Policy { passwords, ..policy };
        let store = Arc::new(MemoryStore::default());
        let hasher = Arc::new(PlainHasher::default());
        let mailers = Arc::new(TestMailers::default());
        let outgoing = mailers.outgoing.clone();
        let limiter = Arc::new(CountingLimiter::default());
        let clock = Arc::new(ManualClock::default());
        let tokens = Arc::new(RememberedTokens::default());
        let ports = Ports {
            store: store.clone(),
            hasher: Arc::new(Unhurried { inner: hasher.clone(), store: store.clone() }),
            common_passwords: Arc::new(HandfulOfCommonPasswords),
            access_tokens: tokens.clone(),
            reset_tokens: tokens,
            sealer: Arc::new(TestSealer::default()),
            limiter: limiter.clone(),
            clock: clock.clone(),
            random: Arc::new(SteadyRandom::default()),
        };
        let mailer = Arc::new(Unhurried { inner: outgoing.clone(), store: store.clone() });
        let smtp_servers = Arc::new(Unhurried { inner: mailers.clone(), store: store.clone() });
        let nothing = Configured::Nothing;
        Self {
            accounts: Accounts::new(ports.clone(), policy.clone()),
            sessions: Sessions::new(ports.clone(), policy.clone()),
            recovery: Recovery::new(ports.clone(), policy.clone()),
            administration: Administration::new(ports.clone(), policy.clone()),
            setup: Arc::new(FirstAdminSetup::new(ports.clone(), policy.clone())),
            smtp: SmtpAdministration::new(ports.clone(), policy.clone(), smtp_servers, nothing),
            housekeeping: Housekeeping::new(ports.clone(), policy.clone()),
            dispatcher: Dispatcher::new(ports.clone(), mailer, policy.outbox),
            ports,
            store,
            hasher,
            limiter,
            clock,
            outgoing,
            mailers,
        }
    }

    /// Returns the SMTP administration with a configured server.
    pub(crate) fn configured(&self, configured: Configured) -> SmtpAdministration {
        let ports = self.ports.clone();
        SmtpAdministration::new(ports, Policy::default(), self.mailers.clone(), configured)
    }

    /// Returns the SMTP administration of a service with its own mailer.
    pub(crate) fn fixed(&self, mailer: Arc<Outgoing>) -> SmtpAdministration {
        SmtpAdministration::fixed(self.ports.clone(), Policy::default(), mailer)
    }

    /// Signs up; the username is derived from the address.
    pub(crate) async fn sign_up(&self, email: &str, text: &str) -> SignedIn {
        let email = address(email);
        let name: String = email.local_part().chars().filter(char::is_ascii).collect();
        let username = Username::parse(&format!("{name}-user")).unwrap();
        let request = SignUp { email, username, password: password(text), language: None };
        self.accounts.sign_up(request, &ClientInfo::default()).await.unwrap()
    }

    pub(crate) async fn sign_in(&self, email: &str, text: &str) -> Result<SignedIn, Error> {
        let request = SignIn { email: address(email), password: password(text), language: None };
        self.sessions.sign_in(request, &ClientInfo::default()).await
    }

    pub(crate) async fn actor(&self, signed_in: &SignedIn) -> Result<AuthenticatedSession, Error> {
        self.sessions.authenticate(signed_in.access_token.expose(), &ClientInfo::default()).await
    }

    /// Signs in with a browser.
    pub(crate) async fn browse(&self, email: &str, text: &str) -> BrowserSignIn {
        let request = SignIn { email: address(email), password: password(text), language: None };
        self.sessions.sign_in_browser(request, &ClientInfo::default()).await.unwrap()
    }

    /// Authenticates a browser key.
    pub(crate) async fn browser_session(
        &self,
        browser: &BrowserSignIn,
    ) -> Result<AuthenticatedSession, Error> {
        self.sessions.authenticate_browser(browser.key.expose(), &ClientInfo::default()).await
    }

    /// Returns an administrator's browser session.
    pub(crate) async fn admin(&self) -> AuthenticatedSession {
        let user = self.sign_up(ADMIN, "the first").await.user;
        self.administration.set_admin(&operator(), &user, true).await.unwrap();
        self.work().await;
        self.browser_session(&self.browse(ADMIN, "the first").await).await.unwrap()
    }

    /// Changes the password, and returns the new key of a browser session.
    pub(crate) async fn change(
        &self,
        actor: &AuthenticatedSession,
        old: &str,
        new: &str,
    ) -> Result<Option<Secret>, Error> {
        let request = ChangePassword { old: password(old), new: password(new) };
        self.accounts.change_password(actor, request).await
    }

    pub(crate) async fn forget(&self, email: &str) {
        self.recovery.request(&address(email), &ClientInfo::default()).await.unwrap();
    }

    pub(crate) async fn reset(&self, token: &str, text: &str) -> Result<(), Error> {
        let request = ResetPassword { token: token.to_owned(), password: password(text) };
        self.recovery.reset(request, &ClientInfo::default()).await
    }

    /// Runs the worker until it has nothing to do, and returns the sent mails.
    pub(crate) async fn work(&self) -> Vec<Message> {
        self.recovery.issue_waiting(u32::MAX).await.unwrap();
        while !self.dispatcher.run_once().await.unwrap().is_empty() {}
        self.outgoing.take()
    }

    /// Requests a reset link and returns its token.
    pub(crate) async fn link(&self, email: &str) -> String {
        self.forget(email).await;
        self.work().await.iter().find_map(token_of).expect("a reset link")
    }

    /// Returns the stored user.
    pub(crate) async fn user(&self, email: &str) -> User {
        self.store.find_user_by_email(address(email).key()).await.unwrap().unwrap().0
    }
}

/// Returns the token of a reset mail.
pub(crate) fn token_of(message: &Message) -> Option<String> {
    match &message.content {
        Content::ResetLink { token, .. } => Some(token.expose().to_owned()),
        Content::Welcome
        | Content::PasswordChanged { .. }
        | Content::PasswordDisabled { .. }
        | Content::SignInAfterFailures { .. }
        | Content::RefreshTokenReused { .. }
        | Content::Test => None,
    }
}

/// Returns the context of an operator.
pub(crate) fn operator() -> AdminContext {
    AdminContext::operator()
}

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub(crate) fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

pub(crate) const ADMIN: &str = "admin@example.com";
pub(crate) const ANNA: &str = "anna@example.com";
