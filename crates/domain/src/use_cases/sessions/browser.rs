//! Browser sessions: a key in a cookie instead of an access token.
//!
//! The key is 256 random bits, stored as a digest, and new after each authentication (OWASP Session
//! Management; ASVS 7.2.4).

use super::{Sessions, SignIn};
use crate::error::Error;
use crate::model::audit::AuditAction;
use crate::model::client::ClientInfo;
use crate::model::password::Password;
use crate::model::secret::Secret;
use crate::model::session::Session;
use crate::model::user::User;
use crate::use_cases::authenticated_session::AuthenticatedSession;

/// The result of a sign-in with a browser.
#[derive(Debug)]
pub struct BrowserSignIn {
    /// The user.
    pub user: User,
    /// The new session.
    pub session: Session,
    /// The key for the cookie.
    pub key: Secret,
}

impl Sessions {
    /// Signs a user in with a browser, as [`Sessions::sign_in`] does.
    ///
    /// # Errors
    /// `Throttled`, `InvalidCredentials`, `AccountInactive` after the right password only,
    /// `Unavailable`, `Internal`.
    pub async fn sign_in_browser(
        &self,
        request: SignIn,
        client: &ClientInfo,
    ) -> Result<BrowserSignIn, Error> {
        let proof = self.prove(&request, client).await?;
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let key = Secret::generate(random);
        let session = Session::open(&proof.user, client, &self.policy.sessions, now, random)
            .in_browser(key.digest());
        let user = proof.user.clone();
        self.open(proof, &session).await?;
        Ok(BrowserSignIn { user, session, key })
    }

    /// Authenticates a browser key, and updates the time of the session's latest use now and then.
    ///
    /// # Errors
    /// `Unauthenticated`, `Unavailable`, `Internal`.
    pub async fn authenticate_browser(
        &self,
        key: &str,
        client: &ClientInfo,
    ) -> Result<AuthenticatedSession, Error> {
        let key = Secret::parse(key).ok_or(Error::Unauthenticated)?;
        let found = self.ports.store.find_browser_session(&key.digest()).await?;
        let (mut session, user) = found.ok_or(Error::Unauthenticated)?;
        let now = self.ports.clock.now();
        if !session.is_live(&user, &self.policy.sessions, now) {
            return Err(Error::Unauthenticated);
        }
        if now >= session.last_seen_at + self.policy.sessions.touch_every {
            let mut unit = self.ports.store.begin().await?;
            unit.touch_session(session.id, now).await?;
            unit.commit().await?;
            session.last_seen_at = now;
        }
        Ok(AuthenticatedSession { user, session, client: client.clone() })
    }

    /// Reauthenticates the user with their password, for sensitive operations. The browser gets a new
    /// key, and the old one is invalid.
    ///
    /// # Errors
    /// `Throttled`, `IncorrectPassword`, `Unauthenticated` if the session ended meanwhile,
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn confirm(
        &self,
        actor: &AuthenticatedSession,
        password: &Password,
    ) -> Result<(AuthenticatedSession, Option<Secret>), Error> {
        let AuthenticatedSession { user, session, client } = actor;
        self.limits.admit_change_by(user.id).await?;
        self.throttle.reauthenticate(actor, password).await?;
        let now = self.ports.clock.now();
        let key = session.browser_key.map(|_| Secret::generate(&*self.ports.random));
        let digest = key.as_ref().map(Secret::digest);
        let mut unit = self.ports.store.begin().await?;
        if !unit.renew_session(session.id, session.credentials_version, digest, now).await? {
            return Err(Error::Unauthenticated);
        }
        let forgiven = self.throttle.reset(&mut *unit, user.email.key(), client).await?;
        forgiven.ok_or(Error::IncorrectPassword)?;
        unit.record(&actor.event(&self.ports, AuditAction::ProofGiven)).await?;
        unit.commit().await?;
        let session = Session { authenticated_at: now, browser_key: digest, ..session.clone() };
        Ok((AuthenticatedSession { user: user.clone(), session, client: client.clone() }, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::a_user;
    use crate::model::policy::Policy;
    use crate::ports::Verdict;
    use crate::ports::mocks::{MockUnit, Scene, a_unit};

    #[tokio::test]
    async fn a_malformed_key_causes_no_store_access() {
        let mut scene = Scene::default();
        scene.store.expect_find_browser_session().never();
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let outcome = sessions.authenticate_browser("' or 1=1", &ClientInfo::default()).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_wrong_password_does_not_renew_the_session() {
        let mut scene = Scene::default();
        scene.has_password(Verdict::Mismatch);
        let mut unit = a_unit();
        unit.expect_count_failure().once().returning(|_, _, _, _| Ok(1));
        unit.expect_renew_session().never();
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let password = Password::parse("not the one").unwrap();
        let outcome = sessions.confirm(&AuthenticatedSession::of(a_user()), &password).await;
        assert!(matches!(outcome, Err(Error::IncorrectPassword)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_session_that_ended_meanwhile_is_not_renewed() {
        let mut scene = Scene::default();
        scene.has_password(Verdict::Match);
        let mut unit = MockUnit::new();
        unit.expect_renew_session().once().returning(|_, _, _, _| Ok(false));
        unit.expect_commit().never();
        scene.opens(unit);
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let password = Password::parse("the right one").unwrap();
        let outcome = sessions.confirm(&AuthenticatedSession::of(a_user()), &password).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }
}
