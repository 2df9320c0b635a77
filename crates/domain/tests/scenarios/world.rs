//! A small world: every use case over stand-ins that notice when slow work is done at a bad time.

use std::sync::Arc;

use async_trait::async_trait;
use vestibule_domain::accounts::{Accounts, ChangePassword, SignUp};
use vestibule_domain::administration::Administration;
use vestibule_domain::authority::Authority;
use vestibule_domain::caller::Caller;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::error::{BoxError, Error};
use vestibule_domain::housekeeping::Housekeeping;
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::mail_setup::{Configured, MailSetup};
use vestibule_domain::outbox::Dispatcher;
use vestibule_domain::password::{Password, PasswordHash};
use vestibule_domain::policy::{PasswordPolicy, Policy};
use vestibule_domain::ports::{
    HashError, MailError, Mailer, Mailers, PasswordHasher, Ports, Receipt, Store, Verdict,
};
use vestibule_domain::recovery::{Recovery, ResetPassword};
use vestibule_domain::relay::Relay;
use vestibule_domain::secret::Secret;
use vestibule_domain::sessions::browser::BrowserSignIn;
use vestibule_domain::sessions::{Actor, Sessions, SignIn, SignedIn};
use vestibule_domain::setup::Setup;
use vestibule_domain::user::User;
use vestibule_domain::username::Username;
use vestibule_testkit::clock::ManualClock;
use vestibule_testkit::common_passwords::HandfulOfCommonPasswords;
use vestibule_testkit::hasher::PlainHasher;
use vestibule_testkit::limiter::CountingLimiter;
use vestibule_testkit::mailer::{Outgoing, TestMailers};
use vestibule_testkit::memory::MemoryStore;
use vestibule_testkit::random::SteadyRandom;
use vestibule_testkit::sealer::TestSealer;
use vestibule_testkit::tokens::RememberedTokens;

/// Everything a story needs.
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
    pub(crate) setup: Arc<Setup>,
    pub(crate) mail_setup: MailSetup,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) housekeeping: Housekeeping,
    ports: Ports,
}

/// Slow work passes through here; it must find no unit of work open, because on SQLite an open
/// unit holds up everybody.
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
        // Hashing takes its time, and others go on meanwhile.
        tokio::task::yield_now().await;
        self.inner.hash(password).await
    }

    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, HashError> {
        self.check();
        self.inner.verify(password, hash).await
    }

    fn adopt(&self, text: &str) -> Result<PasswordHash, HashError> {
        self.inner.adopt(text)
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
    fn mailer(&self, relay: &Relay) -> Result<Arc<dyn Mailer>, BoxError> {
        self.inner.mailer(relay)?;
        let (inner, store) = (self.inner.outgoing.clone(), self.store.clone());
        Ok(Arc::new(Unhurried { inner, store }))
    }

    fn trial(&self, relay: &Relay) -> Result<Arc<dyn Mailer>, BoxError> {
        self.mailer(relay)
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Policy::default())
    }

    pub(crate) fn with(policy: Policy) -> Self {
        // So that stories read well; the default is tested where passwords are looked at.
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
        let relays = Arc::new(Unhurried { inner: mailers.clone(), store: store.clone() });
        let nothing = Configured::Nothing;
        Self {
            accounts: Accounts::new(ports.clone(), policy.clone()),
            sessions: Sessions::new(ports.clone(), policy.clone()),
            recovery: Recovery::new(ports.clone(), policy.clone()),
            administration: Administration::new(ports.clone(), policy.clone()),
            setup: Arc::new(Setup::new(ports.clone(), policy.clone())),
            mail_setup: MailSetup::new(ports.clone(), policy.clone(), relays, nothing),
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

    /// Where mail goes if the configuration says something about it.
    pub(crate) fn configured(&self, configured: Configured) -> MailSetup {
        let ports = self.ports.clone();
        MailSetup::new(ports, Policy::default(), self.mailers.clone(), configured)
    }

    /// Where mail goes if the service has a way of its own.
    pub(crate) fn fixed(&self, mailer: Arc<Outgoing>) -> MailSetup {
        MailSetup::fixed(self.ports.clone(), Policy::default(), mailer)
    }

    /// Somebody opens an account; the user name is what it allows of the address's local part.
    pub(crate) async fn sign_up(&self, email: &str, text: &str) -> SignedIn {
        let email = address(email);
        let name: String = email.local_part().chars().filter(char::is_ascii).collect();
        let username = Username::parse(&format!("{name}-user")).unwrap();
        let request = SignUp { email, username, password: password(text), language: None };
        self.accounts.sign_up(request, &Caller::default()).await.unwrap()
    }

    pub(crate) async fn sign_in(&self, email: &str, text: &str) -> Result<SignedIn, Error> {
        let request = SignIn { email: address(email), password: password(text), language: None };
        self.sessions.sign_in(request, &Caller::default()).await
    }

    pub(crate) async fn actor(&self, signed_in: &SignedIn) -> Result<Actor, Error> {
        self.sessions.authenticate(signed_in.access_token.expose(), &Caller::default()).await
    }

    /// The same with a browser.
    pub(crate) async fn browse(&self, email: &str, text: &str) -> BrowserSignIn {
        let request = SignIn { email: address(email), password: password(text), language: None };
        self.sessions.sign_in_browser(request, &Caller::default()).await.unwrap()
    }

    /// Who is behind a browser's key.
    pub(crate) async fn visitor(&self, browser: &BrowserSignIn) -> Result<Actor, Error> {
        self.sessions.authenticate_browser(browser.key.expose(), &Caller::default()).await
    }

    /// An administrator at a browser.
    pub(crate) async fn admin(&self) -> Actor {
        let user = self.sign_up(ADMIN, "the first").await.user;
        self.administration.set_admin(&operator(), &user, true).await.unwrap();
        self.work().await;
        self.visitor(&self.browse(ADMIN, "the first").await).await.unwrap()
    }

    /// Answers the browser's new key, if it is a browser's session.
    pub(crate) async fn change(
        &self,
        actor: &Actor,
        old: &str,
        new: &str,
    ) -> Result<Option<Secret>, Error> {
        let request = ChangePassword { old: password(old), new: password(new) };
        self.accounts.change_password(actor, request).await
    }

    pub(crate) async fn forget(&self, email: &str) {
        self.recovery.request(&address(email), &Caller::default()).await.unwrap();
    }

    pub(crate) async fn reset(&self, token: &str, text: &str) -> Result<(), Error> {
        let request = ResetPassword { token: token.to_owned(), password: password(text) };
        self.recovery.reset(request, &Caller::default()).await
    }

    /// What the worker does until it has nothing left to do; answers what was sent.
    pub(crate) async fn work(&self) -> Vec<Message> {
        self.recovery.issue_waiting(u32::MAX).await.unwrap();
        while !self.dispatcher.run_once().await.unwrap().is_empty() {}
        self.outgoing.take()
    }

    /// Asks for a link and receives it.
    pub(crate) async fn link(&self, email: &str) -> String {
        self.forget(email).await;
        self.work().await.iter().find_map(token_of).expect("a reset link")
    }

    /// The user as the store knows them.
    pub(crate) async fn user(&self, email: &str) -> User {
        self.store.find_user_by_email(address(email).key()).await.unwrap().unwrap().0
    }
}

/// The token of a reset mail.
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

/// Whoever can run commands on the machine.
pub(crate) fn operator() -> Authority {
    Authority::operator()
}

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub(crate) fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

pub(crate) const ADMIN: &str = "admin@example.com";
pub(crate) const ANNA: &str = "anna@example.com";
