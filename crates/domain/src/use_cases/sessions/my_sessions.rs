//! A user's own sessions and language.

use super::Sessions;
use crate::error::Error;
use crate::model::audit::AuditAction;
use crate::model::id::SessionId;
use crate::model::language::Language;
use crate::model::session::Session;
use crate::use_cases::authenticated_session::AuthenticatedSession;

impl Sessions {
    /// Returns the user's valid sessions, the latest used first.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn list(&self, actor: &AuthenticatedSession) -> Result<Vec<Session>, Error> {
        let now = self.ports.clock.now();
        let policy = &self.policy.sessions;
        let mut sessions = self.ports.store.list_sessions(actor.user.id).await?;
        sessions.retain(|session| session.is_live(&actor.user, policy, now));
        Ok(sessions)
    }

    /// Ends one of the user's sessions.
    ///
    /// # Errors
    /// `NotFound` if there is none with that id, or it is another user's; `Unavailable`, `Internal`.
    pub async fn end(&self, actor: &AuthenticatedSession, id: SessionId) -> Result<(), Error> {
        // A session never changes its user, so it may be read before the unit begins.
        match self.ports.store.find_session(id).await? {
            Some((session, _)) if session.user_id == actor.user.id => {}
            Some(_) | None => return Err(Error::NotFound),
        }
        let mut unit = self.ports.store.begin().await?;
        if unit.end_session(id, self.ports.clock.now()).await? {
            unit.record(&actor.event(&self.ports, AuditAction::SessionEnded)).await?;
        }
        unit.commit().await?;
        Ok(())
    }

    /// Ends all of the user's sessions except the current one.
    ///
    /// # Errors
    /// `Throttled`; `Unauthenticated` if the current session ended meanwhile; `Unavailable`,
    /// `Internal`.
    pub async fn end_others(&self, actor: &AuthenticatedSession) -> Result<(), Error> {
        let (user, Session { id, credentials_version, .. }) = (actor.user.id, &actor.session);
        self.limits.admit_end_by(user).await?;
        let mut unit = self.ports.store.begin().await?;
        // A session that ended meanwhile must not end others.
        let stands = unit
            .lock_users(&[user])
            .await?
            .iter()
            .any(|user| user.credentials_version == *credentials_version);
        let ended = match unit
            .keep_only_session(user, *id, *credentials_version, self.ports.clock.now())
            .await?
        {
            Some(ended) if stands => ended,
            Some(_) | None => return Err(Error::Unauthenticated),
        };
        if ended > 0 {
            unit.record(&actor.event(&self.ports, AuditAction::SessionsEnded)).await?;
            unit.commit().await?;
        }
        Ok(())
    }

    /// Sets the language of mails to the user.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn speak(
        &self,
        actor: &AuthenticatedSession,
        language: Language,
    ) -> Result<(), Error> {
        if actor.user.language == Some(language) {
            return Ok(());
        }
        let mut unit = self.ports.store.begin().await?;
        if !unit.set_language(actor.user.id, language).await? {
            return Err(Error::UserNotFound);
        }
        unit.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::a_user;
    use crate::model::id::UserId;
    use crate::model::policy::Policy;
    use crate::ports::mocks::Scene;

    #[tokio::test]
    async fn the_session_of_another_user_is_not_ended() {
        let mut scene = Scene::default();
        let other_user = UserId::from_uuid(uuid::Uuid::from_u128(7));
        scene.store.expect_find_session().returning(move |_| {
            let actor = AuthenticatedSession::of(a_user());
            Ok(Some((Session { user_id: other_user, ..actor.session }, actor.user)))
        });
        scene.store.expect_begin().never();
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let actor = AuthenticatedSession::of(a_user());
        let outcome = sessions.end(&actor, actor.session.id).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }
}
