//! Sessions in a browser: a key in a cookie instead of an access token.
//!
//! The key is 256 random bits, remembered as a digest, new at every proof of identity (OWASP Session
//! Management; ASVS 7.2.4).

use super::{Actor, Sessions, SignIn};
use crate::audit::EventKind;
use crate::caller::Caller;
use crate::error::Error;
use crate::password::Password;
use crate::secret::Secret;
use crate::session::Session;
use crate::user::User;

/// A person who has just signed in with a browser.
#[derive(Debug)]
pub struct BrowserSignIn {
    /// Who.
    pub user: User,
    /// The session that was opened.
    pub session: Session,
    /// What the browser presents with every request.
    pub key: Secret,
}

impl Sessions {
    /// Signs a person in with a browser, by the rules of [`Sessions::sign_in`].
    ///
    /// # Errors
    /// `Throttled`, `InvalidCredentials`, `AccountInactive` after the right password only,
    /// `Unavailable`, `Internal`.
    pub async fn sign_in_browser(
        &self,
        request: SignIn,
        caller: &Caller,
    ) -> Result<BrowserSignIn, Error> {
        let proof = self.prove(&request, caller).await?;
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let key = Secret::generate(random);
        let session = Session::open(&proof.user, caller, &self.policy.sessions, now, random)
            .in_browser(key.digest());
        let user = proof.user.clone();
        self.open(proof, &session).await?;
        Ok(BrowserSignIn { user, session, key })
    }

    /// Finds out who holds a browser key, and notes now and then that they were seen.
    ///
    /// # Errors
    /// `Unauthenticated` for whatever reason; `Unavailable`, `Internal`.
    pub async fn authenticate_browser(&self, key: &str, caller: &Caller) -> Result<Actor, Error> {
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
        Ok(Actor { user, session, caller: caller.clone() })
    }

    /// Lets the actor prove again who they are, before a risky act. A browser gets another key, and
    /// the one it had is dead.
    ///
    /// # Errors
    /// `Throttled`, `IncorrectPassword`, `Unauthenticated` when the session ended meanwhile,
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn confirm(
        &self,
        actor: &Actor,
        password: &Password,
    ) -> Result<(Actor, Option<Secret>), Error> {
        let Actor { user, session, caller } = actor;
        self.limits.admit_change_by(user.id).await?;
        self.guesses.prove_again(actor, password).await?;
        let now = self.ports.clock.now();
        let key = session.browser_key.map(|_| Secret::generate(&*self.ports.random));
        let digest = key.as_ref().map(Secret::digest);
        let mut unit = self.ports.store.begin().await?;
        if !unit.renew_session(session.id, session.epoch, digest, now).await? {
            return Err(Error::Unauthenticated);
        }
        let forgiven = self.guesses.forgive(&mut *unit, user.email.key(), caller).await?;
        forgiven.ok_or(Error::IncorrectPassword)?;
        unit.record(&actor.event(&self.ports, EventKind::ProofGiven)).await?;
        unit.commit().await?;
        let session = Session { authenticated_at: now, browser_key: digest, ..session.clone() };
        Ok((Actor { user: user.clone(), session, caller: caller.clone() }, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::ports::Verdict;
    use crate::ports::mocks::{MockUnit, Scene, a_unit, a_user};

    #[tokio::test]
    async fn what_is_no_key_asks_the_store_nothing() {
        let mut scene = Scene::default();
        scene.store.expect_find_browser_session().never();
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let outcome = sessions.authenticate_browser("' or 1=1", &Caller::default()).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_wrong_password_renews_nothing() {
        let mut scene = Scene::default();
        scene.has_password(Verdict::Mismatch);
        let mut unit = a_unit();
        unit.expect_count_failure().once().returning(|_, _, _, _| Ok(1));
        unit.expect_renew_session().never();
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let password = Password::parse("not the one").unwrap();
        let outcome = sessions.confirm(&Actor::of(a_user()), &password).await;
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
        let outcome = sessions.confirm(&Actor::of(a_user()), &password).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }
}
