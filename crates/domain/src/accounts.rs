//! What people do with their own account: open it, look at it, change its password.

use crate::audit::{Doer, EventKind};
use crate::caller::Caller;
use crate::email::EmailAddress;
use crate::error::Error;
use crate::failures::Guesses;
use crate::guessable::refuse_guessable;
use crate::id::UserId;
use crate::language::Language;
use crate::limits::Limits;
use crate::mail::{Mail, QueuedMail};
use crate::password::{Password, PasswordError, PasswordHash};
use crate::policy::{PasswordPolicy, Policy, SignUpMode};
use crate::ports::{Action, Insertion, Ports, UnitOfWork};
use crate::refresh::RefreshToken;
use crate::secret::Secret;
use crate::session::Session;
use crate::sessions::browser::BrowserSignIn;
use crate::sessions::{Actor, SignedIn, sign_in_as};
use crate::user::User;
use crate::username::Username;

/// Opens accounts and changes passwords.
pub struct Accounts {
    ports: Ports,
    policy: Policy,
    limits: Limits,
    guesses: Guesses,
}

/// What a new account needs.
#[derive(Debug)]
pub struct SignUp {
    /// Identifies the account.
    pub email: EmailAddress,
    /// Shown to others.
    pub username: Username,
    /// Already held against the password policy.
    pub password: Password,
    /// The language mails are written in.
    pub language: Option<Language>,
}

/// What a change of password needs.
#[derive(Debug)]
pub struct ChangePassword {
    /// The one in use.
    pub old: Password,
    /// The one to come, already held against the password policy.
    pub new: Password,
}

impl Accounts {
    /// Wires the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let limits = Limits::new(ports.limiter.clone(), policy.limits.clone());
        let guesses = Guesses::new(&ports, &policy);
        Self { ports, policy, limits, guesses }
    }

    /// What a new password has to satisfy.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.policy.passwords
    }

    /// Opens an account, queues a welcome mail and signs its owner in.
    ///
    /// # Errors
    /// `Throttled`, `SignUpClosed`, `PasswordRefused` when it would be guessed first, `EmailTaken`,
    /// `UsernameTaken`, `Unavailable`, `Internal`.
    pub async fn sign_up(&self, request: SignUp, caller: &Caller) -> Result<SignedIn, Error> {
        let (user, hash) = self.new_user(request, caller).await?;
        let sessions = &self.policy.sessions;
        let now = user.created_at;
        let refresh_token = RefreshToken::generate(&*self.ports.random);
        let session = Session::open(&user, caller, sessions, now, &*self.ports.random)
            .refreshed_by(refresh_token.remembered());
        let signed_in = sign_in_as(&self.ports, sessions, user, session, refresh_token)?;
        open_account(&self.ports, &signed_in.user, &hash, &signed_in.session).await?;
        Ok(signed_in)
    }

    /// The same for a person with a browser.
    ///
    /// # Errors
    /// Those of [`Accounts::sign_up`].
    pub async fn sign_up_browser(
        &self,
        request: SignUp,
        caller: &Caller,
    ) -> Result<BrowserSignIn, Error> {
        let (user, hash) = self.new_user(request, caller).await?;
        let signed_in = in_browser(&self.ports, &self.policy, user, caller);
        open_account(&self.ports, &signed_in.user, &hash, &signed_in.session).await?;
        Ok(signed_in)
    }

    async fn new_user(
        &self,
        request: SignUp,
        caller: &Caller,
    ) -> Result<(User, PasswordHash), Error> {
        self.limits.admit_client(Action::SignUp, caller).await?;
        if self.policy.sign_up == SignUpMode::Closed {
            return Err(Error::SignUpClosed);
        }
        request.refuse_guessable(&self.ports, &self.policy.passwords)?;
        let hash = self.ports.hasher.hash(&request.password).await?;
        Ok((request.into_user(&self.ports), hash))
    }

    /// Who may sign up.
    pub fn sign_up_mode(&self) -> SignUpMode {
        self.policy.sign_up
    }

    /// Changes the actor's password, ends all their other sessions and every reset link, and tells
    /// them by mail. A browser gets another key, as after every proof of identity.
    ///
    /// # Errors
    /// `Throttled`, `IncorrectPassword`, `PasswordRefused` when both passwords are the same or the
    /// new one would be guessed first, `Unauthenticated` when the credentials changed meanwhile,
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn change_password(
        &self,
        actor: &Actor,
        request: ChangePassword,
    ) -> Result<Option<Secret>, Error> {
        let Actor { user, session, caller } = actor;
        let id = user.id;
        self.limits.admit_change_by(id).await?;
        self.guesses.prove_again(actor, &request.old).await?;
        if request.new == request.old {
            return Err(Error::PasswordRefused(PasswordError::Reused));
        }
        let (ports, rules) = (&self.ports, &self.policy.passwords);
        refuse_guessable(ports, rules, &request.new, &user.email, &user.username)?;
        let hash = self.ports.hasher.hash(&request.new).await?;
        let now = self.ports.clock.now();
        let notice = Mail::PasswordChanged { user_id: id, caller: caller.clone() };

        let mut unit = self.ports.store.begin().await?;
        if !unit.advance_epoch(id, user.epoch).await? {
            // Somebody reset the password since this request was authenticated.
            return Err(Error::Unauthenticated);
        }
        let forgiven = self.guesses.forgive(&mut *unit, user.email.key(), caller).await?;
        forgiven.ok_or(Error::IncorrectPassword)?;
        unit.set_password(id, &hash, now).await?;
        let epoch = user.epoch.next();
        let kept = unit.keep_only_session(id, session.id, epoch, now).await?;
        kept.ok_or(Error::Unauthenticated)?;
        let key = session.browser_key.map(|_| Secret::generate(&*self.ports.random));
        if let Some(key) = &key {
            unit.renew_session(session.id, epoch, Some(key.digest()), now).await?;
        }
        unit.enqueue(&QueuedMail::new(notice, now, &*self.ports.random)).await?;
        unit.record(&actor.event(&self.ports, EventKind::PasswordChanged)).await?;
        unit.commit().await?;
        Ok(key)
    }
}

impl SignUp {
    /// Refuses a password that would be guessed first.
    pub(crate) fn refuse_guessable(
        &self,
        ports: &Ports,
        policy: &PasswordPolicy,
    ) -> Result<(), Error> {
        refuse_guessable(ports, policy, &self.password, &self.email, &self.username)
    }

    /// The account that is asked for.
    pub(crate) fn into_user(self, ports: &Ports) -> User {
        let now = ports.clock.now();
        let id = UserId::generate(now, &*ports.random);
        User { language: self.language, ..User::new(id, self.email, self.username, now) }
    }
}

/// The session of somebody whose account is about to be stored, in their browser.
pub(crate) fn in_browser(
    ports: &Ports,
    policy: &Policy,
    user: User,
    caller: &Caller,
) -> BrowserSignIn {
    let random = &*ports.random;
    let key = Secret::generate(random);
    let session = Session::open(&user, caller, &policy.sessions, user.created_at, random)
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
    let (kind, caller) = (EventKind::SignedUp, &session.caller);
    unit.record(&ports.event(kind, Some(user.id), Doer::Holder, caller)).await?;
    unit.commit().await?;
    Ok(())
}

/// Writes a new account, its first session and its welcome mail.
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
    // What was guessed at before there was a password says nothing about this one.
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
    use crate::ports::mocks::{MockUnit, Scene, a_unit, a_user};
    use crate::ports::{HashError, StoreError, Verdict};

    fn a_sign_up() -> SignUp {
        let user = a_user();
        let password = Password::parse("correct horse").unwrap();
        SignUp { email: user.email, username: user.username, password, language: None }
    }

    fn an_actor() -> Actor {
        Actor::of(a_user())
    }

    fn a_change(old: &str, new: &str) -> ChangePassword {
        ChangePassword { old: Password::parse(old).unwrap(), new: Password::parse(new).unwrap() }
    }

    #[tokio::test]
    async fn nothing_is_opened_when_hashing_fails() {
        let mut scene = Scene::default();
        scene.hasher.expect_hash().once().returning(|_| Err(HashError::Busy));
        scene.store.expect_begin().never();
        let accounts = Accounts::new(scene.ports(), Policy::default());
        let outcome = accounts.sign_up(a_sign_up(), &Caller::default()).await;
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
        let outcome = accounts.sign_up(a_sign_up(), &Caller::default()).await;
        assert!(matches!(outcome, Err(Error::EmailTaken)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_failed_commit_signs_nobody_in() {
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
        let outcome = accounts.sign_up(a_sign_up(), &Caller::default()).await;
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_closed_door_costs_no_hash() {
        let mut scene = Scene::default();
        scene.hasher.expect_hash().never();
        let policy = Policy { sign_up: SignUpMode::Closed, ..Policy::default() };
        let outcome =
            Accounts::new(scene.ports(), policy).sign_up(a_sign_up(), &Caller::default()).await;
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
    async fn a_change_that_raced_a_reset_commits_nothing() {
        let mut scene = Scene::default();
        scene.has_password(Verdict::Match);
        scene.hashes();
        let mut unit = MockUnit::new();
        unit.expect_advance_epoch().once().returning(|_, _| Ok(false));
        unit.expect_set_password().never();
        unit.expect_commit().never();
        scene.opens(unit);
        let accounts = Accounts::new(scene.ports(), Policy::default());
        let change = a_change("the old one", "a new password");
        let outcome = accounts.change_password(&an_actor(), change).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }
}
