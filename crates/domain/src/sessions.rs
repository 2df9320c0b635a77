//! Signing in, staying signed in, signing out.
//!
//! Clients of the API present access tokens; browsers hold a key in a cookie ([`browser`]). Both
//! speak for a session, and the session is asked every time.

pub mod browser;
mod own;

use time::{Duration, OffsetDateTime};

use crate::caller::Caller;
use crate::email::EmailAddress;
use crate::error::Error;
use crate::id::version_7;
use crate::language::Language;
use crate::limits::Limits;
use crate::password::{Password, PasswordHash};
use crate::policy::{Policy, SessionPolicy};
use crate::ports::{Action, Ports, Verdict};
use crate::session::Session;
use crate::token::{AccessClaims, SignedToken};
use crate::user::User;

/// Opens, checks and ends sessions.
pub struct Sessions {
    ports: Ports,
    policy: Policy,
    limits: Limits,
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
    /// How long the access token is valid.
    pub expires_in: Duration,
}

/// The right password of an active account, and what is to be noted beside the new session.
struct Proof {
    user: User,
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
}

impl Sessions {
    /// Wires the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let limits = Limits::new(ports.limiter.clone(), policy.limits.clone());
        Self { ports, policy, limits }
    }

    /// Signs a person in.
    ///
    /// An unknown address costs the same hash as a known one, and nothing but the right password
    /// tells an inactive account from a missing one.
    ///
    /// # Errors
    /// `Throttled`, `InvalidCredentials`, `AccountInactive` after the right password only,
    /// `Unavailable`, `Internal`.
    pub async fn sign_in(&self, request: SignIn, caller: &Caller) -> Result<SignedIn, Error> {
        let proof = self.prove(&request, caller).await?;
        let now = self.ports.clock.now();
        let sessions = &self.policy.sessions;
        let session = Session::open(&proof.user, caller, sessions, now, &*self.ports.random);
        let signed_in =
            sign_in_as(&self.ports, sessions, proof.user.clone(), session.clone(), now)?;
        self.open(proof, &session).await?;
        Ok(signed_in)
    }

    /// Finds out whether somebody is who they say they are.
    async fn prove(&self, request: &SignIn, caller: &Caller) -> Result<Proof, Error> {
        self.limits.admit_client(Action::SignIn, caller).await?;
        let key = request.email.key();
        self.limits.admit_sign_in_to(key).await?;

        let (owner, hash) = match self.ports.store.find_user_by_email(key).await? {
            Some((user, Some(hash))) => (Some(user), hash),
            Some((_, None)) | None => (None, self.ports.hasher.decoy()),
        };
        let verdict = self.ports.hasher.verify(&request.password, &hash).await?;
        let user = match (owner, verdict) {
            (Some(user), Verdict::Match | Verdict::MatchButStale) => user,
            (None, _) | (_, Verdict::Mismatch) => return Err(Error::InvalidCredentials),
        };
        if !user.is_active {
            return Err(Error::AccountInactive);
        }
        // A busy moment is no reason to refuse the right password: the hash is renewed next time.
        let renewed = match verdict {
            Verdict::MatchButStale => self.ports.hasher.hash(&request.password).await.ok(),
            Verdict::Match | Verdict::Mismatch => None,
        };
        let language = request.language.filter(|_| user.language.is_none());
        Ok(Proof { user, hash, renewed, language })
    }

    /// Stores the session that a proof has earned.
    async fn open(&self, proof: Proof, session: &Session) -> Result<(), Error> {
        let Proof { user, hash, renewed, language } = proof;
        let mut unit = self.ports.store.begin().await?;
        if !unit.insert_session(session).await? {
            // The account was deleted since its password was read.
            return Err(Error::InvalidCredentials);
        }
        unit.keep_newest_sessions(user.id, self.policy.sessions.max_per_user).await?;
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
    pub async fn authenticate(&self, token: &str) -> Result<Actor, Error> {
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
            return Ok(Actor { user, session });
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
        unit.end_session(actor.session.id).await?;
        unit.commit().await?;
        Ok(())
    }
}

/// Signs the access token of a session that is about to be stored.
pub(crate) fn sign_in_as(
    ports: &Ports,
    policy: &SessionPolicy,
    user: User,
    session: Session,
    now: OffsetDateTime,
) -> Result<SignedIn, Error> {
    let claims = AccessClaims {
        user_id: user.id,
        session_id: session.id,
        token_id: version_7(now, &*ports.random),
        issued_at: now,
        expires_at: now + policy.access_ttl,
    };
    let access_token = ports.access_tokens.issue(&claims)?;
    Ok(SignedIn { user, session, access_token, expires_in: policy.access_ttl })
}

#[cfg(test)]
impl Actor {
    /// Somebody who signed in a moment ago.
    pub(crate) fn of(user: User) -> Self {
        let random = crate::ports::mocks::CountingRandom::default();
        let now = user.created_at;
        let policy = SessionPolicy::default();
        let session = Session::open(&user, &Caller::default(), &policy, now, &random);
        Self { user, session }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::HashError;
    use crate::ports::mocks::{MockUnit, Scene, a_hash, a_user};

    fn a_sign_in() -> SignIn {
        SignIn {
            email: a_user().email,
            password: Password::parse("correct horse").unwrap(),
            language: None,
        }
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
        scene.store.expect_begin().never();
        let outcome = sign_in(scene).await;
        assert!(matches!(outcome, Err(Error::InvalidCredentials)), "{outcome:?}");
    }

    #[tokio::test]
    async fn even_a_decoy_that_matches_opens_nothing() {
        let mut scene = Scene::default();
        scene.store.expect_find_user_by_email().returning(|_| Ok(None));
        scene.hasher.expect_decoy().returning(a_hash);
        scene.hasher.expect_verify().returning(|_, _| Ok(Verdict::Match));
        scene.store.expect_begin().never();
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
            scene.store.expect_begin().never();
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
        let mut unit = MockUnit::new();
        unit.expect_insert_session().once().returning(|_| Ok(true));
        unit.expect_keep_newest_sessions().once().returning(|_, _| Ok(()));
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
        let mut unit = MockUnit::new();
        unit.expect_insert_session().once().returning(|_| Ok(true));
        unit.expect_keep_newest_sessions().once().returning(|_, _| Ok(()));
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
        let outcome = sessions.authenticate("forged").await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }
}
