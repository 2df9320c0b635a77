//! Signing in, staying signed in, signing out.
//!
//! Clients of the API present access tokens; browsers hold a key in a cookie ([`browser`]). Both
//! speak for a session, and the session is asked every time.

pub mod browser;
mod ended;
mod own;
mod refresh;

pub use ended::EndedSessions;

use time::Duration;

use crate::audit::{AuditEvent, Doer, EventKind};
use crate::caller::Caller;
use crate::email::{EmailAddress, EmailKey};
use crate::error::Error;
use crate::failures::{Guess, Guesses, PasswordState};
use crate::id::{UserId, version_7};
use crate::language::Language;
use crate::limits::Limits;
use crate::mail::{Mail, QueuedMail};
use crate::password::{Password, PasswordHash};
use crate::policy::{Policy, SessionPolicy};
use crate::ports::{Action, Ports, Verdict};
use crate::refresh::RefreshToken;
use crate::session::Session;
use crate::token::{AccessClaims, SignedToken};
use crate::user::User;

/// Opens, checks and ends sessions.
pub struct Sessions {
    ports: Ports,
    policy: Policy,
    limits: Limits,
    guesses: Guesses,
}

/// What a person presents to sign in.
#[derive(Debug)]
pub struct SignIn {
    /// Identifies the account.
    pub email: EmailAddress,
    /// Proves that it is theirs.
    pub password: Password,
    /// The language of the conversation; mails follow it if nobody has chosen another.
    pub language: Option<Language>,
}

/// A person who has just signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The session that was opened.
    pub session: Session,
    /// What to present with every request.
    pub access_token: SignedToken,
    /// What to exchange for the next ones.
    pub refresh_token: RefreshToken,
    /// How long the access token is valid.
    pub expires_in: Duration,
}

/// The right password of an active account, and what is to be noted beside the new session.
struct Proof {
    user: User,
    address: EmailKey,
    hash: PasswordHash,
    /// The same password under today's parameters.
    renewed: Option<PasswordHash>,
    language: Option<Language>,
}

/// Somebody whose request spoke for a live session.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who.
    pub user: User,
    /// On which device.
    pub session: Session,
    /// From where, this time.
    pub caller: Caller,
}

impl Sessions {
    /// Wires the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let limits = Limits::new(ports.limiter.clone(), policy.limits.clone());
        let guesses = Guesses::new(&ports, &policy);
        Self { ports, policy, limits, guesses }
    }

    /// Signs a person in.
    ///
    /// An unknown address costs the same hash and the same writes as a known one, and nothing but
    /// the right password tells an inactive account from a missing one.
    ///
    /// # Errors
    /// `Throttled`, `InvalidCredentials`, `AccountInactive` after the right password only,
    /// `Unavailable`, `Internal`.
    pub async fn sign_in(&self, request: SignIn, caller: &Caller) -> Result<SignedIn, Error> {
        let proof = self.prove(&request, caller).await?;
        let now = self.ports.clock.now();
        let sessions = &self.policy.sessions;
        let refresh_token = RefreshToken::generate(&*self.ports.random);
        let session = Session::open(&proof.user, caller, sessions, now, &*self.ports.random)
            .refreshed_by(refresh_token.remembered());
        let user = proof.user.clone();
        let signed_in = sign_in_as(&self.ports, sessions, user, session.clone(), refresh_token)?;
        self.open(proof, &session).await?;
        Ok(signed_in)
    }

    /// Finds out whether somebody is who they say they are.
    async fn prove(&self, request: &SignIn, caller: &Caller) -> Result<Proof, Error> {
        self.limits.admit_client(Action::SignIn, caller).await?;
        let key = request.email.key();
        self.limits.admit_sign_in_to(key).await?;
        let state = self.guesses.admit(key, caller).await?;

        let (owner, hash) = match self.ports.store.find_user_by_email(key).await? {
            Some((user, hash)) => (Some(user), hash),
            None => (None, None),
        };
        let has_password = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.ports.hasher.decoy());
        let verdict = self.ports.hasher.verify(&request.password, &hash).await?;
        let is_right =
            verdict != Verdict::Mismatch && has_password && state == PasswordState::InUse;
        let user = match owner {
            Some(user) if is_right => user,
            owner => {
                let user_id = owner.map(|user| user.id);
                let kind = EventKind::SignInFailed;
                self.guesses.note(Guess { address: key, user_id, kind, caller }).await?;
                return Err(Error::InvalidCredentials);
            }
        };
        if !user.is_active {
            self.record(EventKind::SignInRefused, user.id, caller).await?;
            return Err(Error::AccountInactive);
        }
        // A busy moment is no reason to refuse the right password: the hash is renewed next time.
        let renewed = match verdict {
            Verdict::MatchButStale => self.ports.hasher.hash(&request.password).await.ok(),
            Verdict::Match | Verdict::Mismatch => None,
        };
        let language = request.language.filter(|_| user.language.is_none());
        Ok(Proof { user, address: key.clone(), hash, renewed, language })
    }

    /// Notes something that changes nothing else.
    async fn record(&self, kind: EventKind, user: UserId, caller: &Caller) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        unit.record(&self.ports.event(kind, Some(user), Doer::Holder, caller)).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Stores the session that a proof has earned.
    async fn open(&self, proof: Proof, session: &Session) -> Result<(), Error> {
        let Proof { user, address, hash, renewed, language } = proof;
        let caller = &session.caller;
        let mut unit = self.ports.store.begin().await?;
        if !unit.insert_session(session).await? {
            // The account was deleted since its password was read.
            return Err(Error::InvalidCredentials);
        }
        let most = self.policy.sessions.max_per_user;
        unit.keep_newest_sessions(user.id, most, session.created_at).await?;
        let forgiven = self.guesses.forgive(&mut *unit, &address, caller).await?;
        let failures = forgiven.ok_or(Error::InvalidCredentials)?;
        if self.guesses.is_worth_telling(failures) {
            let mail = Mail::SignInAfterFailures { user_id: user.id, caller: caller.clone() };
            unit.enqueue(&QueuedMail::new(mail, session.created_at, &*self.ports.random)).await?;
        }
        unit.record(&self.ports.event(EventKind::SignedIn, Some(user.id), Doer::Holder, caller))
            .await?;
        if let Some(renewed) = renewed {
            unit.replace_hash(user.id, &hash, &renewed).await?;
        }
        if let Some(language) = language {
            unit.set_language(user.id, language).await?;
        }
        unit.commit().await?;
        Ok(())
    }

    /// Finds out who is behind an access token.
    ///
    /// The signature alone is never enough: the session must live, in the user's present epoch.
    /// Only the holder of a genuine, unexpired token learns that its account is inactive or gone.
    ///
    /// # Errors
    /// `Unauthenticated`, `AccountInactive`, `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn authenticate(&self, token: &str, caller: &Caller) -> Result<Actor, Error> {
        let Some(claims) = self.ports.access_tokens.read(token) else {
            return Err(Error::Unauthenticated);
        };
        let now = self.ports.clock.now();
        if !claims.is_current(now) {
            return Err(Error::Unauthenticated);
        }
        if let Some((session, user)) = self.ports.store.find_session(claims.session_id).await?
            && session.user_id == claims.user_id
            && session.is_live(&user, &self.policy.sessions, now)
        {
            return Ok(Actor { user, session, caller: caller.clone() });
        }
        match self.ports.store.find_user(claims.user_id).await? {
            None => Err(Error::UserNotFound),
            Some(user) if !user.is_active => Err(Error::AccountInactive),
            Some(_) => Err(Error::Unauthenticated),
        }
    }

    /// Ends the actor's session; its access token is dead at once.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn sign_out(&self, actor: &Actor) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        if unit.end_session(actor.session.id, self.ports.clock.now()).await? {
            unit.record(&actor.event(&self.ports, EventKind::SessionEnded)).await?;
        }
        unit.commit().await?;
        Ok(())
    }
}

/// Signs the access token of a session, which is stored already or about to be.
pub(crate) fn sign_in_as(
    ports: &Ports,
    policy: &SessionPolicy,
    user: User,
    session: Session,
    refresh_token: RefreshToken,
) -> Result<SignedIn, Error> {
    let now = ports.clock.now();
    let claims = AccessClaims {
        user_id: user.id,
        session_id: session.id,
        token_id: version_7(now, &*ports.random),
        issued_at: now,
        expires_at: now + policy.access_ttl,
    };
    let access_token = ports.access_tokens.issue(&claims)?;
    Ok(SignedIn { user, session, access_token, refresh_token, expires_in: policy.access_ttl })
}

impl Actor {
    /// Something they did to their own account.
    pub(crate) fn event(&self, ports: &Ports, kind: EventKind) -> AuditEvent {
        ports.event(kind, Some(self.user.id), Doer::Holder, &self.caller)
    }
}

#[cfg(test)]
impl Actor {
    /// Somebody who signed in a moment ago.
    pub(crate) fn of(user: User) -> Self {
        let random = crate::ports::mocks::CountingRandom::default();
        let now = user.created_at;
        let policy = SessionPolicy::default();
        let session = Session::open(&user, &Caller::default(), &policy, now, &random);
        Self { user, session, caller: Caller::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::HashError;
    use crate::ports::mocks::{MockUnit, Scene, a_hash, a_unit, a_user};

    fn a_sign_in() -> SignIn {
        SignIn {
            email: a_user().email,
            password: Password::parse("correct horse").unwrap(),
            language: None,
        }
    }

    /// A unit that records an event and nothing else.
    fn a_note() -> MockUnit {
        let mut unit = a_unit();
        unit.expect_insert_session().never();
        unit.expect_commit().once().returning(|| Ok(()));
        unit
    }

    /// A unit that counts a wrong password.
    fn a_failure() -> MockUnit {
        let mut unit = a_note();
        unit.expect_count_failure().once().returning(|_, _, _, _| Ok(1));
        unit
    }

    async fn sign_in(scene: Scene) -> Result<SignedIn, Error> {
        let sessions = Sessions::new(scene.ports(), Policy::default());
        sessions.sign_in(a_sign_in(), &Caller::default()).await
    }

    #[tokio::test]
    async fn an_unknown_address_costs_exactly_one_verification() {
        let mut scene = Scene::default();
        scene.store.expect_find_user_by_email().once().returning(|_| Ok(None));
        scene.hasher.expect_decoy().once().returning(a_hash);
        scene.hasher.expect_verify().once().returning(|_, _| Ok(Verdict::Mismatch));
        scene.opens(a_failure());
        let outcome = sign_in(scene).await;
        assert!(matches!(outcome, Err(Error::InvalidCredentials)), "{outcome:?}");
    }

    #[tokio::test]
    async fn even_a_decoy_that_matches_opens_nothing() {
        let mut scene = Scene::default();
        scene.store.expect_find_user_by_email().returning(|_| Ok(None));
        scene.hasher.expect_decoy().returning(a_hash);
        scene.hasher.expect_verify().returning(|_, _| Ok(Verdict::Match));
        scene.opens(a_failure());
        let outcome = sign_in(scene).await;
        assert!(matches!(outcome, Err(Error::InvalidCredentials)), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_inactive_account_is_named_after_the_right_password_only() {
        for (verdict, named) in [(Verdict::Match, true), (Verdict::Mismatch, false)] {
            let mut scene = Scene::default();
            scene
                .store
                .expect_find_user_by_email()
                .returning(|_| Ok(Some((User { is_active: false, ..a_user() }, Some(a_hash())))));
            scene.hasher.expect_verify().once().returning(move |_, _| Ok(verdict));
            scene.opens(if named { a_note() } else { a_failure() });
            let outcome = sign_in(scene).await;
            assert_eq!(matches!(outcome, Err(Error::AccountInactive)), named, "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn a_stale_hash_is_renewed_exactly_once() {
        let mut scene = Scene::default();
        scene.knows_somebody();
        scene.hasher.expect_verify().once().returning(|_, _| Ok(Verdict::MatchButStale));
        scene.hasher.expect_hash().once().returning(|_| Ok(a_hash()));
        let mut unit = a_unit();
        unit.expect_insert_session().once().returning(|_| Ok(true));
        unit.expect_keep_newest_sessions().once().returning(|_, _, _| Ok(()));
        unit.expect_replace_hash().once().returning(|_, _, _| Ok(true));
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
        assert!(sign_in(scene).await.is_ok());
    }

    #[tokio::test]
    async fn a_busy_hasher_does_not_refuse_the_right_password() {
        let mut scene = Scene::default();
        scene.knows_somebody();
        scene.hasher.expect_verify().returning(|_, _| Ok(Verdict::MatchButStale));
        scene.hasher.expect_hash().once().returning(|_| Err(HashError::Busy));
        let mut unit = a_unit();
        unit.expect_insert_session().once().returning(|_| Ok(true));
        unit.expect_keep_newest_sessions().once().returning(|_, _, _| Ok(()));
        unit.expect_replace_hash().never();
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
        assert!(sign_in(scene).await.is_ok());
    }

    #[tokio::test]
    async fn a_forged_token_asks_the_store_nothing() {
        let mut scene = Scene::default();
        scene.access_tokens.expect_read().once().returning(|_| None);
        scene.store.expect_find_session().never();
        scene.store.expect_find_user().never();
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let outcome = sessions.authenticate("forged", &Caller::default()).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }
}
