//! Rotation of refresh tokens, with reuse detection.

use super::{Sessions, SignedIn, sign_in_as};
use crate::error::Error;
use crate::model::audit::{Actor, AuditAction};
use crate::model::client::ClientInfo;
use crate::model::mail::{Mail, QueuedMail};
use crate::model::refresh_token::{
    Refresh, RefreshToken, RefreshTokenStatus, Rotation, RotationNonce,
};
use crate::model::session::Session;
use crate::model::user::User;

impl Sessions {
    /// Exchanges a refresh token for its successor and a fresh access token.
    ///
    /// A token works once. Within a grace period a repeated exchange returns the same successor, because
    /// clients retry after a lost response; later it ends the session, and the user gets a mail
    /// (RFC 9700, section 4.14.2).
    ///
    /// # Errors
    /// `InvalidRefreshToken`, `Unavailable`, `Internal`.
    pub async fn refresh(&self, token: &str, client: &ClientInfo) -> Result<SignedIn, Error> {
        let token = RefreshToken::parse(token).ok_or(Error::InvalidRefreshToken)?;
        if let Some(signed_in) = self.refresh_once(&token, client).await? {
            return Ok(signed_in);
        }
        // Another request exchanged the token first; its result decides, and cannot change again
        // within the grace period.
        self.refresh_once(&token, client).await?.ok_or(Error::InvalidRefreshToken)
    }

    /// Exchanges a token; returns `None` if another request exchanged it first.
    async fn refresh_once(
        &self,
        token: &RefreshToken,
        client: &ClientInfo,
    ) -> Result<Option<SignedIn>, Error> {
        let (session, user, refresh) = self.find_refreshed(token).await?;
        let (policy, now) = (&self.policy.sessions, self.ports.clock.now());
        match refresh.judge(token, policy.refresh_grace, now) {
            RefreshTokenStatus::Current => {
                let nonce = RotationNonce::generate(&*self.ports.random);
                let successor = token.successor(&nonce);
                let rotation = Rotation { from: refresh.current, nonce, at: now };
                // Signed first, because nothing may fail after the old token is used up.
                let signed_in = sign_in_as(&self.ports, policy, user, session.clone(), successor)?;
                let successor = signed_in.refresh_token.turn();
                let mut unit = self.ports.store.begin().await?;
                if !unit
                    .rotate_refresh(session.id, session.credentials_version, successor, &rotation)
                    .await?
                {
                    return Ok(None);
                }
                unit.commit().await?;
                Ok(Some(signed_in))
            }
            RefreshTokenStatus::JustExchanged(nonce) => {
                let successor = token.successor(&nonce);
                sign_in_as(&self.ports, policy, user, session, successor).map(Some)
            }
            RefreshTokenStatus::Reused => {
                self.end_copied(&session, &user, client).await?;
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

    /// Ends a session whose refresh token was copied.
    async fn end_copied(
        &self,
        session: &Session,
        user: &User,
        client: &ClientInfo,
    ) -> Result<(), Error> {
        let event =
            self.ports.event(AuditAction::RefreshTokenReused, Some(user.id), Actor::Client, client);
        let mail = Mail::RefreshTokenReused { user_id: user.id, client: client.clone() };
        let mail = QueuedMail::new(mail, event.at, &*self.ports.random);
        let mut unit = self.ports.store.begin().await?;
        if !unit.end_session(session.id, event.at).await? {
            // Already ended; one mail is enough.
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
    use crate::fixtures::{CountingRandom, a_user};
    use crate::model::policy::Policy;
    use crate::ports::TokenError;
    use crate::ports::mocks::{MockUnit, Scene, a_unit};
    use crate::use_cases::authenticated_session::AuthenticatedSession;

    fn a_session(refresh: Refresh) -> Session {
        AuthenticatedSession::of(a_user()).session.refreshed_by(refresh)
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
        sessions.refresh(&token.expose(), &ClientInfo::default()).await
    }

    #[tokio::test]
    async fn a_malformed_token_causes_no_store_access() {
        let mut scene = Scene::default();
        scene.store.expect_find_refreshed_session().never();
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let outcome = sessions.refresh("' or 1=1", &ClientInfo::default()).await;
        assert!(matches!(outcome, Err(Error::InvalidRefreshToken)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_just_exchanged_token_returns_the_same_successor_without_a_mail() {
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
    async fn a_reused_token_ends_the_session_and_queues_a_mail() {
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
    async fn a_session_that_ended_meanwhile_causes_no_second_mail() {
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
    async fn a_failed_signing_does_not_use_up_the_token() {
        let token = RefreshToken::generate(&CountingRandom::default());
        let mut scene = Scene::default();
        finds(&mut scene, token.remembered());
        scene.access_tokens.expect_issue().returning(|_| Err(TokenError("no key".into())));
        scene.store.expect_begin().never();
        let outcome = refresh(scene, &token).await;
        assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_invalid_session_does_not_use_up_the_token() {
        let token = RefreshToken::generate(&CountingRandom::default());
        let mut scene = Scene::default();
        let invalid = Session {
            credentials_version: a_user().credentials_version.next(),
            ..a_session(token.remembered())
        };
        scene
            .store
            .expect_find_refreshed_session()
            .returning(move |_| Ok(Some((invalid.clone(), a_user()))));
        scene.store.expect_begin().never();
        let outcome = refresh(scene, &token).await;
        assert!(matches!(outcome, Err(Error::InvalidRefreshToken)), "{outcome:?}");
    }
}
