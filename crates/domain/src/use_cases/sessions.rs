//! Sign-in, authentication of requests, and sign-out.
//!
//! API clients send access tokens, browsers a key in a cookie ([`browser`]). Both identify a
//! session, which is looked up for each request.

pub mod browser;
mod ended;
mod my_sessions;
mod refresh;

pub use ended::EndedSessions;

use time::Duration;

use crate::error::Error;
use crate::model::audit::{Actor, AuditAction};
use crate::model::claims::{AccessClaims, SignedToken};
use crate::model::client::ClientInfo;
use crate::model::email::{EmailAddress, EmailKey};
use crate::model::id::{UserId, version_7};
use crate::model::language::Language;
use crate::model::mail::{Mail, QueuedMail};
use crate::model::password::{Password, PasswordHash};
use crate::model::policy::{Policy, SessionPolicy};
use crate::model::refresh_token::RefreshToken;
use crate::model::session::Session;
use crate::model::user::User;
use crate::ports::{Action, Ports, Verdict};
use crate::use_cases::authenticated_session::AuthenticatedSession;
use crate::use_cases::rate_limits::RateLimits;
use crate::use_cases::sign_in_throttle::{FailedAttempt, PasswordState, SignInThrottle};

/// Creates, checks and ends sessions.
pub struct Sessions {
    ports: Ports,
    policy: Policy,
    limits: RateLimits,
    throttle: SignInThrottle,
}

/// The input of [`Sessions::sign_in`].
#[derive(Debug)]
pub struct SignIn {
    /// The email address.
    pub email: EmailAddress,
    /// The password.
    pub password: Password,
    /// The language of the request, for mails if the user has not chosen one.
    pub language: Option<Language>,
}

/// The result of a sign-in.
#[derive(Debug)]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// The new session.
    pub session: Session,
    /// The access token, for each request.
    pub access_token: SignedToken,
    /// The refresh token, for the next pair of tokens.
    pub refresh_token: RefreshToken,
    /// Lifetime of the access token.
    pub expires_in: Duration,
}

/// An active account whose password was verified, and what is stored with the new session.
struct Proof {
    user: User,
    address: EmailKey,
    hash: PasswordHash,
    /// A new hash of the same password, if the stored one has outdated parameters.
    renewed: Option<PasswordHash>,
    language: Option<Language>,
}

impl Sessions {
    /// Creates the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let limits = RateLimits::new(ports.limiter.clone(), policy.limits.clone());
        let throttle = SignInThrottle::new(&ports, &policy);
        Self { ports, policy, limits, throttle }
    }

    /// Signs a user in.
    ///
    /// An unknown address costs the same hash and the same writes as a known one, and only the right
    /// password distinguishes an inactive account from a missing one.
    ///
    /// # Errors
    /// `Throttled`, `InvalidCredentials`, `AccountInactive` after the right password only,
    /// `Unavailable`, `Internal`.
    pub async fn sign_in(&self, request: SignIn, client: &ClientInfo) -> Result<SignedIn, Error> {
        let proof = self.prove(&request, client).await?;
        let now = self.ports.clock.now();
        let sessions = &self.policy.sessions;
        let refresh_token = RefreshToken::generate(&*self.ports.random);
        let session = Session::open(&proof.user, client, sessions, now, &*self.ports.random)
            .refreshed_by(refresh_token.remembered());
        let user = proof.user.clone();
        let signed_in = sign_in_as(&self.ports, sessions, user, session.clone(), refresh_token)?;
        self.open(proof, &session).await?;
        Ok(signed_in)
    }

    /// Verifies email and password.
    async fn prove(&self, request: &SignIn, client: &ClientInfo) -> Result<Proof, Error> {
        self.limits.admit_client(Action::SignIn, client).await?;
        let key = request.email.key();
        self.limits.admit_sign_in_to(key).await?;
        let state = self.throttle.check(key, client).await?;

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
                let kind = AuditAction::SignInFailed;
                self.throttle
                    .record_failure(FailedAttempt { address: key, user_id, kind, client })
                    .await?;
                return Err(Error::InvalidCredentials);
            }
        };
        if !user.is_active {
            self.record(AuditAction::SignInRefused, user.id, client).await?;
            return Err(Error::AccountInactive);
        }
        // If hashing is overloaded, sign in all the same and rehash next time.
        let renewed = match verdict {
            Verdict::MatchButStale => self.ports.hasher.hash(&request.password).await.ok(),
            Verdict::Match | Verdict::Mismatch => None,
        };
        let language = request.language.filter(|_| user.language.is_none());
        Ok(Proof { user, address: key.clone(), hash, renewed, language })
    }

    /// Records an audit event in a unit of its own.
    async fn record(
        &self,
        kind: AuditAction,
        user: UserId,
        client: &ClientInfo,
    ) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        unit.record(&self.ports.event(kind, Some(user), Actor::Client, client)).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Stores the session of a verified sign-in.
    async fn open(&self, proof: Proof, session: &Session) -> Result<(), Error> {
        let Proof { user, address, hash, renewed, language } = proof;
        let client = &session.client;
        let mut unit = self.ports.store.begin().await?;
        if !unit.insert_session(session).await? {
            // The account was deleted since its password hash was read.
            return Err(Error::InvalidCredentials);
        }
        let most = self.policy.sessions.max_per_user;
        unit.keep_newest_sessions(user.id, most, session.created_at).await?;
        let forgiven = self.throttle.reset(&mut *unit, &address, client).await?;
        let failures = forgiven.ok_or(Error::InvalidCredentials)?;
        if self.throttle.is_worth_telling(failures) {
            let mail = Mail::SignInAfterFailures { user_id: user.id, client: client.clone() };
            unit.enqueue(&QueuedMail::new(mail, session.created_at, &*self.ports.random)).await?;
        }
        unit.record(&self.ports.event(AuditAction::SignedIn, Some(user.id), Actor::Client, client))
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

    /// Authenticates an access token.
    ///
    /// The signature alone is not enough: the session must exist and have the user's current
    /// credentials version. Only a valid, unexpired token reveals that its account is inactive or gone.
    ///
    /// # Errors
    /// `Unauthenticated`, `AccountInactive`, `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn authenticate(
        &self,
        token: &str,
        client: &ClientInfo,
    ) -> Result<AuthenticatedSession, Error> {
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
            return Ok(AuthenticatedSession { user, session, client: client.clone() });
        }
        match self.ports.store.find_user(claims.user_id).await? {
            None => Err(Error::UserNotFound),
            Some(user) if !user.is_active => Err(Error::AccountInactive),
            Some(_) => Err(Error::Unauthenticated),
        }
    }

    /// Ends the session; its access token is invalid at once.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn sign_out(&self, actor: &AuthenticatedSession) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        if unit.end_session(actor.session.id, self.ports.clock.now()).await? {
            unit.record(&actor.event(&self.ports, AuditAction::SessionEnded)).await?;
        }
        unit.commit().await?;
        Ok(())
    }
}

/// Signs the access token of a session.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::a_user;
    use crate::ports::HashError;
    use crate::ports::mocks::{MockUnit, Scene, a_hash, a_unit};

    fn a_sign_in() -> SignIn {
        SignIn {
            email: a_user().email,
            password: Password::parse("correct horse").unwrap(),
            language: None,
        }
    }

    /// Returns a unit that records one event only.
    fn a_note() -> MockUnit {
        let mut unit = a_unit();
        unit.expect_insert_session().never();
        unit.expect_commit().once().returning(|| Ok(()));
        unit
    }

    /// Returns a unit that counts a wrong password.
    fn a_failure() -> MockUnit {
        let mut unit = a_note();
        unit.expect_count_failure().once().returning(|_, _, _, _| Ok(1));
        unit
    }

    async fn sign_in(scene: Scene) -> Result<SignedIn, Error> {
        let sessions = Sessions::new(scene.ports(), Policy::default());
        sessions.sign_in(a_sign_in(), &ClientInfo::default()).await
    }

    #[tokio::test]
    async fn an_unknown_address_causes_exactly_one_verification() {
        let mut scene = Scene::default();
        scene.store.expect_find_user_by_email().once().returning(|_| Ok(None));
        scene.hasher.expect_decoy().once().returning(a_hash);
        scene.hasher.expect_verify().once().returning(|_, _| Ok(Verdict::Mismatch));
        scene.opens(a_failure());
        let outcome = sign_in(scene).await;
        assert!(matches!(outcome, Err(Error::InvalidCredentials)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_matching_decoy_does_not_sign_in() {
        let mut scene = Scene::default();
        scene.store.expect_find_user_by_email().returning(|_| Ok(None));
        scene.hasher.expect_decoy().returning(a_hash);
        scene.hasher.expect_verify().returning(|_, _| Ok(Verdict::Match));
        scene.opens(a_failure());
        let outcome = sign_in(scene).await;
        assert!(matches!(outcome, Err(Error::InvalidCredentials)), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_inactive_account_is_reported_only_for_the_right_password() {
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
    async fn an_outdated_hash_is_replaced_exactly_once() {
        let mut scene = Scene::default();
        scene.finds_a_user();
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
        scene.finds_a_user();
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
    async fn a_forged_token_causes_no_store_access() {
        let mut scene = Scene::default();
        scene.access_tokens.expect_read().once().returning(|_| None);
        scene.store.expect_find_session().never();
        scene.store.expect_find_user().never();
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let outcome = sessions.authenticate("forged", &ClientInfo::default()).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }
}
