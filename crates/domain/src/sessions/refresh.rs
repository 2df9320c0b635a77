//! Staying signed in: a refresh token for the next one, and a fresh access token with it.

use super::{Sessions, SignedIn, sign_in_as};
use crate::audit::{Doer, EventKind};
use crate::caller::Caller;
use crate::error::Error;
use crate::mail::{Mail, QueuedMail};
use crate::refresh::{Refresh, RefreshToken, Rotation, RotationNonce, Worth};
use crate::session::Session;
use crate::user::User;

impl Sessions {
    /// Exchanges a refresh token for its successor and a fresh access token.
    ///
    /// A token works once. Whoever uses it again within a moment is given the same successor, for
    /// answers get lost; later it ends the session, and its owner hears of it (RFC 9700, section
    /// 4.14.2).
    ///
    /// # Errors
    /// `InvalidRefreshToken` for whatever reason; `Unavailable`, `Internal`.
    pub async fn refresh(&self, token: &str, caller: &Caller) -> Result<SignedIn, Error> {
        let token = RefreshToken::parse(token).ok_or(Error::InvalidRefreshToken)?;
        if let Some(signed_in) = self.refresh_once(&token, caller).await? {
            return Ok(signed_in);
        }
        // Somebody was faster; what they did decides, and nobody can be faster than that again
        // within the moment of grace.
        self.refresh_once(&token, caller).await?.ok_or(Error::InvalidRefreshToken)
    }

    /// `None` when the token was exchanged between the look and the leap.
    async fn refresh_once(
        &self,
        token: &RefreshToken,
        caller: &Caller,
    ) -> Result<Option<SignedIn>, Error> {
        let (session, user, refresh) = self.find_refreshed(token).await?;
        let (policy, now) = (&self.policy.sessions, self.ports.clock.now());
        match refresh.judge(token, policy.refresh_grace, now) {
            Worth::Current => {
                let nonce = RotationNonce::generate(&*self.ports.random);
                let successor = token.successor(&nonce);
                let rotation = Rotation { from: refresh.current, nonce, at: now };
                // Signed first: nothing may fail once the old token is spent.
                let signed_in = sign_in_as(&self.ports, policy, user, session.clone(), successor)?;
                let successor = signed_in.refresh_token.turn();
                let mut unit = self.ports.store.begin().await?;
                if !unit.rotate_refresh(session.id, session.epoch, successor, &rotation).await? {
                    return Ok(None);
                }
                unit.commit().await?;
                Ok(Some(signed_in))
            }
            Worth::JustExchanged(nonce) => {
                let successor = token.successor(&nonce);
                sign_in_as(&self.ports, policy, user, session, successor).map(Some)
            }
            Worth::Reused => {
                self.end_copied(&session, &user, caller).await?;
                Err(Error::InvalidRefreshToken)
            }
        }
    }

    async fn find_refreshed(
        &self,
        token: &RefreshToken,
    ) -> Result<(Session, User, Refresh), Error> {
        let found = self.ports.store.find_refreshed_session(&token.family()).await?;
        let (session, user) = found.ok_or(Error::InvalidRefreshToken)?;
        if !session.is_live(&user, &self.policy.sessions, self.ports.clock.now()) {
            return Err(Error::InvalidRefreshToken);
        }
        let refresh = session.refresh.clone().ok_or(Error::InvalidRefreshToken)?;
        Ok((session, user, refresh))
    }

    /// Ends a session somebody has a copy of the tokens of.
    async fn end_copied(
        &self,
        session: &Session,
        user: &User,
        caller: &Caller,
    ) -> Result<(), Error> {
        let event =
            self.ports.event(EventKind::RefreshTokenReused, Some(user.id), Doer::Holder, caller);
        let mail = Mail::RefreshTokenReused { user_id: user.id, caller: caller.clone() };
        let mail = QueuedMail::new(mail, event.at, &*self.ports.random);
        let mut unit = self.ports.store.begin().await?;
        if !unit.end_session(session.id, event.at).await? {
            // Ended already; one mail is enough.
            return Ok(());
        }
        unit.record(&event).await?;
        unit.enqueue(&mail).await?;
        unit.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::ports::TokenError;
    use crate::ports::mocks::{CountingRandom, MockUnit, Scene, a_unit, a_user};
    use crate::sessions::Actor;

    fn a_session(refresh: Refresh) -> Session {
        Actor::of(a_user()).session.refreshed_by(refresh)
    }

    fn finds(scene: &mut Scene, refresh: Refresh) {
        let found = a_session(refresh);
        scene
            .store
            .expect_find_refreshed_session()
            .returning(move |_| Ok(Some((found.clone(), a_user()))));
    }

    async fn refresh(scene: Scene, token: &RefreshToken) -> Result<SignedIn, Error> {
        let sessions = Sessions::new(scene.ports(), Policy::default());
        sessions.refresh(&token.expose(), &Caller::default()).await
    }

    #[tokio::test]
    async fn what_is_no_token_asks_the_store_nothing() {
        let mut scene = Scene::default();
        scene.store.expect_find_refreshed_session().never();
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let outcome = sessions.refresh("' or 1=1", &Caller::default()).await;
        assert!(matches!(outcome, Err(Error::InvalidRefreshToken)), "{outcome:?}");
    }

    #[tokio::test]
    async fn who_was_just_exchanged_is_given_the_same_successor_without_a_word() {
        let random = CountingRandom::default();
        let (first, nonce) = (RefreshToken::generate(&random), RotationNonce::generate(&random));
        let successor = first.successor(&nonce);
        let rotation = Some(Rotation { from: first.turn(), nonce, at: a_user().created_at });
        let mut scene = Scene::default();
        finds(&mut scene, Refresh { current: successor.turn(), rotation, ..first.remembered() });
        scene.store.expect_begin().never();
        let signed_in = refresh(scene, &first).await.unwrap();
        assert_eq!(*signed_in.refresh_token.expose(), *successor.expose());
    }

    #[tokio::test]
    async fn a_copy_ends_the_session_and_tells_its_owner() {
        let random = CountingRandom::default();
        let (first, nonce) = (RefreshToken::generate(&random), RotationNonce::generate(&random));
        let second = first.successor(&nonce);
        let third = second.successor(&nonce);
        let rotation = Some(Rotation { from: second.turn(), nonce, at: a_user().created_at });
        let mut scene = Scene::default();
        finds(&mut scene, Refresh { current: third.turn(), rotation, ..first.remembered() });
        let mut unit = a_unit();
        unit.expect_end_session().once().returning(|_, _| Ok(true));
        unit.expect_enqueue()
            .once()
            .withf(|queued| matches!(queued.mail, Mail::RefreshTokenReused { .. }))
            .returning(|_| Ok(()));
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
        let outcome = refresh(scene, &first).await;
        assert!(matches!(outcome, Err(Error::InvalidRefreshToken)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_session_that_ended_meanwhile_is_not_told_of_twice() {
        let random = CountingRandom::default();
        let (token, other) = (RefreshToken::generate(&random), RefreshToken::generate(&random));
        let mut scene = Scene::default();
        finds(&mut scene, Refresh { current: other.turn(), ..token.remembered() });
        let mut unit = MockUnit::new();
        unit.expect_end_session().once().returning(|_, _| Ok(false));
        unit.expect_enqueue().never();
        unit.expect_commit().never();
        scene.opens(unit);
        let outcome = refresh(scene, &token).await;
        assert!(matches!(outcome, Err(Error::InvalidRefreshToken)), "{outcome:?}");
    }

    #[tokio::test]
    async fn nothing_is_spent_when_signing_fails() {
        let token = RefreshToken::generate(&CountingRandom::default());
        let mut scene = Scene::default();
        finds(&mut scene, token.remembered());
        scene.access_tokens.expect_issue().returning(|_| Err(TokenError("no key".into())));
        scene.store.expect_begin().never();
        let outcome = refresh(scene, &token).await;
        assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn nothing_is_spent_when_the_session_is_dead() {
        let token = RefreshToken::generate(&CountingRandom::default());
        let mut scene = Scene::default();
        let dead = Session { epoch: a_user().epoch.next(), ..a_session(token.remembered()) };
        scene
            .store
            .expect_find_refreshed_session()
            .returning(move |_| Ok(Some((dead.clone(), a_user()))));
        scene.store.expect_begin().never();
        let outcome = refresh(scene, &token).await;
        assert!(matches!(outcome, Err(Error::InvalidRefreshToken)), "{outcome:?}");
    }
}
