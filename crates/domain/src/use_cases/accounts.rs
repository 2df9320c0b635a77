//! A user's own account: sign-up and change of password.

use crate::error::Error;
use crate::model::audit::{Actor, AuditAction};
use crate::model::client::ClientInfo;
use crate::model::email::EmailAddress;
use crate::model::id::UserId;
use crate::model::language::Language;
use crate::model::mail::{Mail, QueuedMail};
use crate::model::password::{Password, PasswordError, PasswordHash};
use crate::model::policy::{PasswordPolicy, Policy, SignUpMode};
use crate::model::refresh_token::RefreshToken;
use crate::model::secret::Secret;
use crate::model::session::Session;
use crate::model::user::User;
use crate::model::username::Username;
use crate::ports::{Action, Insertion, Ports, UnitOfWork};
use crate::use_cases::authenticated_session::AuthenticatedSession;
use crate::use_cases::password_strength::check_strength;
use crate::use_cases::rate_limits::RateLimits;
use crate::use_cases::sessions::browser::BrowserSignIn;
use crate::use_cases::sessions::{SignedIn, sign_in_as};
use crate::use_cases::sign_in_throttle::SignInThrottle;

/// Sign-up and change of password.
pub struct Accounts {
    ports: Ports,
    policy: Policy,
    limits: RateLimits,
    throttle: SignInThrottle,
}

/// The input of [`Accounts::sign_up`].
#[derive(Debug)]
pub struct SignUp {
    /// The email address.
    pub email: EmailAddress,
    /// The username.
    pub username: Username,
    /// The password, of valid length.
    pub password: Password,
    /// The language of mails.
    pub language: Option<Language>,
}

/// The input of [`Accounts::change_password`].
#[derive(Debug)]
pub struct ChangePassword {
    /// The current password.
    pub old: Password,
    /// The new password, of valid length.
    pub new: Password,
}

impl Accounts {
    /// Creates the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let limits = RateLimits::new(ports.limiter.clone(), policy.limits.clone());
        let throttle = SignInThrottle::new(&ports, &policy);
        Self { ports, policy, limits, throttle }
    }

    /// Returns the rules for new passwords.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.policy.passwords
    }

    /// Creates an account, queues a welcome mail and signs the user in.
    ///
    /// # Errors
    /// `Throttled`, `SignUpClosed`, `PasswordRefused` if it is easy to guess, `EmailTaken`,
    /// `UsernameTaken`, `Unavailable`, `Internal`.
    pub async fn sign_up(&self, request: SignUp, client: &ClientInfo) -> Result<SignedIn, Error> {
        let (user, hash) = self.new_user(request, client).await?;
        let sessions = &self.policy.sessions;
        let now = user.created_at;
        let refresh_token = RefreshToken::generate(&*self.ports.random);
        let session = Session::open(&user, client, sessions, now, &*self.ports.random)
            .refreshed_by(refresh_token.remembered());
        let signed_in = sign_in_as(&self.ports, sessions, user, session, refresh_token)?;
        open_account(&self.ports, &signed_in.user, &hash, &signed_in.session).await?;
        Ok(signed_in)
    }

    /// Creates an account as [`Accounts::sign_up`] does, with a browser session.
    ///
    /// # Errors
    /// Those of [`Accounts::sign_up`].
    pub async fn sign_up_browser(
        &self,
        request: SignUp,
        client: &ClientInfo,
    ) -> Result<BrowserSignIn, Error> {
        let (user, hash) = self.new_user(request, client).await?;
        let signed_in = in_browser(&self.ports, &self.policy, user, client);
        open_account(&self.ports, &signed_in.user, &hash, &signed_in.session).await?;
        Ok(signed_in)
    }

    async fn new_user(
        &self,
        request: SignUp,
        client: &ClientInfo,
    ) -> Result<(User, PasswordHash), Error> {
        self.limits.admit_client(Action::SignUp, client).await?;
        if self.policy.sign_up == SignUpMode::Closed {
            return Err(Error::SignUpClosed);
        }
        request.check_strength(&self.ports, &self.policy.passwords)?;
        let hash = self.ports.hasher.hash(&request.password).await?;
        Ok((request.into_user(&self.ports), hash))
    }

    /// Returns the sign-up mode.
    pub fn sign_up_mode(&self) -> SignUpMode {
        self.policy.sign_up
    }

    /// Changes the user's password, ends all their other sessions and reset links, and queues a mail.
    /// A browser session gets a new key, as after each authentication.
    ///
    /// # Errors
    /// `Throttled`, `IncorrectPassword`, `PasswordRefused` if both passwords are the same or the new
    /// one is easy to guess, `Unauthenticated` if the credentials changed meanwhile,
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn change_password(
        &self,
        actor: &AuthenticatedSession,
        request: ChangePassword,
    ) -> Result<Option<Secret>, Error> {
        let AuthenticatedSession { user, session, client } = actor;
        let id = user.id;
        self.limits.admit_change_by(id).await?;
        self.throttle.reauthenticate(actor, &request.old).await?;
        if request.new == request.old {
            return Err(Error::PasswordRefused(PasswordError::Reused));
        }
        let (ports, rules) = (&self.ports, &self.policy.passwords);
        check_strength(ports, rules, &request.new, &user.email, &user.username)?;
        let hash = self.ports.hasher.hash(&request.new).await?;
        let now = self.ports.clock.now();
        let notice = Mail::PasswordChanged { user_id: id, client: client.clone() };

        let mut unit = self.ports.store.begin().await?;
        if !unit.advance_credentials_version(id, user.credentials_version).await? {
            // The password was reset since this request was authenticated.
            return Err(Error::Unauthenticated);
        }
        let forgiven = self.throttle.reset(&mut *unit, user.email.key(), client).await?;
        forgiven.ok_or(Error::IncorrectPassword)?;
        unit.set_password(id, &hash, now).await?;
        let credentials_version = user.credentials_version.next();
        let kept = unit.keep_only_session(id, session.id, credentials_version, now).await?;
        kept.ok_or(Error::Unauthenticated)?;
        let key = session.browser_key.map(|_| Secret::generate(&*self.ports.random));
        if let Some(key) = &key {
            unit.renew_session(session.id, credentials_version, Some(key.digest()), now).await?;
        }
        unit.enqueue(&QueuedMail::new(notice, now, &*self.ports.random)).await?;
        unit.record(&actor.event(&self.ports, AuditAction::PasswordChanged)).await?;
        unit.commit().await?;
        Ok(key)
    }
}

impl SignUp {
    /// Refuses a password that is easy to guess.
    pub(crate) fn check_strength(
        &self,
        ports: &Ports,
        policy: &PasswordPolicy,
    ) -> Result<(), Error> {
        check_strength(ports, policy, &self.password, &self.email, &self.username)
    }

    /// Returns the user to create.
    pub(crate) fn into_user(self, ports: &Ports) -> User {
        let now = ports.clock.now();
        let id = UserId::generate(now, &*ports.random);
        User { language: self.language, ..User::new(id, self.email, self.username, now) }
    }
}

/// Returns a browser session for a user that is about to be stored.
pub(crate) fn in_browser(
    ports: &Ports,
    policy: &Policy,
    user: User,
    client: &ClientInfo,
) -> BrowserSignIn {
    let random = &*ports.random;
    let key = Secret::generate(random);
    let session = Session::open(&user, client, &policy.sessions, user.created_at, random)
        .in_browser(key.digest());
    BrowserSignIn { user, session, key }
}

async fn open_account(
    ports: &Ports,
    user: &User,
    hash: &PasswordHash,
    session: &Session,
) -> Result<(), Error> {
    let mut unit = ports.store.begin().await?;
    store_account(&mut *unit, ports, user, hash, session).await?;
    let (kind, client) = (AuditAction::SignedUp, &session.client);
    unit.record(&ports.event(kind, Some(user.id), Actor::Client, client)).await?;
    unit.commit().await?;
    Ok(())
}

/// Stores a new account, its first session and its welcome mail.
pub(crate) async fn store_account(
    unit: &mut dyn UnitOfWork,
    ports: &Ports,
    user: &User,
    hash: &PasswordHash,
    session: &Session,
) -> Result<(), Error> {
    match unit.insert_user(user).await? {
        Insertion::Inserted => {}
        Insertion::EmailTaken => return Err(Error::EmailTaken),
        Insertion::UsernameTaken => return Err(Error::UsernameTaken),
    }
    let now = user.created_at;
    // Wrong passwords from before the account existed do not count against it.
    unit.forget_failures(user.email.key(), None).await?;
    unit.set_password(user.id, hash, now).await?;
    unit.insert_session(session).await?;
    let welcome = Mail::Welcome { user_id: user.id };
    unit.enqueue(&QueuedMail::new(welcome, now, &*ports.random)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::a_user;
    use crate::ports::mocks::{MockUnit, Scene, a_unit};
    use crate::ports::{HashError, StoreError, Verdict};

    fn a_sign_up() -> SignUp {
        let user = a_user();
        let password = Password::parse("correct horse").unwrap();
        SignUp { email: user.email, username: user.username, password, language: None }
    }

    fn an_actor() -> AuthenticatedSession {
        AuthenticatedSession::of(a_user())
    }

    fn a_change(old: &str, new: &str) -> ChangePassword {
        ChangePassword { old: Password::parse(old).unwrap(), new: Password::parse(new).unwrap() }
    }

    #[tokio::test]
    async fn no_unit_is_begun_if_hashing_fails() {
        let mut scene = Scene::default();
        scene.hasher.expect_hash().once().returning(|_| Err(HashError::Busy));
        scene.store.expect_begin().never();
        let accounts = Accounts::new(scene.ports(), Policy::default());
        let outcome = accounts.sign_up(a_sign_up(), &ClientInfo::default()).await;
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_taken_address_is_reported_and_nothing_is_committed() {
        let mut scene = Scene::default();
        scene.hashes();
        let mut unit = MockUnit::new();
        unit.expect_insert_user().once().returning(|_| Ok(Insertion::EmailTaken));
        unit.expect_commit().never();
        scene.opens(unit);
        let accounts = Accounts::new(scene.ports(), Policy::default());
        let outcome = accounts.sign_up(a_sign_up(), &ClientInfo::default()).await;
        assert!(matches!(outcome, Err(Error::EmailTaken)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_failed_commit_does_not_sign_in() {
        let mut scene = Scene::default();
        scene.hashes();
        let mut unit = a_unit();
        unit.expect_insert_user().returning(|_| Ok(Insertion::Inserted));
        unit.expect_set_password().once().returning(|_, _, _| Ok(()));
        unit.expect_insert_session().once().returning(|_| Ok(true));
        unit.expect_enqueue().once().returning(|_| Ok(()));
        unit.expect_commit().once().returning(|| Err(StoreError::Unavailable("gone".into())));
        scene.opens(unit);
        let accounts = Accounts::new(scene.ports(), Policy::default());
        let outcome = accounts.sign_up(a_sign_up(), &ClientInfo::default()).await;
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn disabled_sign_up_causes_no_hash() {
        let mut scene = Scene::default();
        scene.hasher.expect_hash().never();
        let policy = Policy { sign_up: SignUpMode::Closed, ..Policy::default() };
        let outcome =
            Accounts::new(scene.ports(), policy).sign_up(a_sign_up(), &ClientInfo::default()).await;
        assert!(matches!(outcome, Err(Error::SignUpClosed)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_wrong_current_password_changes_nothing() {
        let mut scene = Scene::default();
        scene.has_password(Verdict::Mismatch);
        let mut unit = a_unit();
        unit.expect_count_failure().once().returning(|_, _, _, _| Ok(1));
        unit.expect_set_password().never();
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
        let accounts = Accounts::new(scene.ports(), Policy::default());
        let change = a_change("not the one", "a new password");
        let outcome = accounts.change_password(&an_actor(), change).await;
        assert!(matches!(outcome, Err(Error::IncorrectPassword)), "{outcome:?}");
    }

    #[tokio::test]
    async fn the_same_password_again_is_refused() {
        let mut scene = Scene::default();
        scene.has_password(Verdict::Match);
        scene.hasher.expect_hash().never();
        let accounts = Accounts::new(scene.ports(), Policy::default());
        let change = a_change("the same one", "the same one");
        let outcome = accounts.change_password(&an_actor(), change).await;
        assert!(
            matches!(outcome, Err(Error::PasswordRefused(PasswordError::Reused))),
            "{outcome:?}"
        );
    }

    #[tokio::test]
    async fn a_change_that_lost_to_a_reset_commits_nothing() {
        let mut scene = Scene::default();
        scene.has_password(Verdict::Match);
        scene.hashes();
        let mut unit = MockUnit::new();
        unit.expect_advance_credentials_version().once().returning(|_, _| Ok(false));
        unit.expect_set_password().never();
        unit.expect_commit().never();
        scene.opens(unit);
        let accounts = Accounts::new(scene.ports(), Policy::default());
        let change = a_change("the old one", "a new password");
        let outcome = accounts.change_password(&an_actor(), change).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }
}
