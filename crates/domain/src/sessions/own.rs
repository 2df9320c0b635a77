//! What people see and end of their own sessions.

use super::{Actor, Sessions};
use crate::audit::EventKind;
use crate::error::Error;
use crate::id::SessionId;
use crate::language::Language;
use crate::session::Session;

impl Sessions {
    /// The actor's live sessions, the one seen last first.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<Session>, Error> {
        let now = self.ports.clock.now();
        let policy = &self.policy.sessions;
        let mut sessions = self.ports.store.list_sessions(actor.user.id).await?;
        sessions.retain(|session| session.is_live(&actor.user, policy, now));
        Ok(sessions)
    }

    /// Ends one of the actor's sessions.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name, or it is somebody else's; `Unavailable`,
    /// `Internal`.
    pub async fn end(&self, actor: &Actor, id: SessionId) -> Result<(), Error> {
        // A session never changes hands, so it may be looked at before the unit is opened.
        match self.ports.store.find_session(id).await? {
            Some((session, _)) if session.user_id == actor.user.id => {}
            Some(_) | None => return Err(Error::NotFound),
        }
        let mut unit = self.ports.store.begin().await?;
        if unit.end_session(id, self.ports.clock.now()).await? {
            unit.record(&actor.event(&self.ports, EventKind::SessionEnded)).await?;
        }
        unit.commit().await?;
        Ok(())
    }

    /// Ends all of the actor's sessions but the one they act in.
    ///
    /// # Errors
    /// `Throttled`; `Unauthenticated` when the session they act in ended meanwhile; `Unavailable`,
    /// `Internal`.
    pub async fn end_others(&self, actor: &Actor) -> Result<(), Error> {
        let (user, Session { id, epoch, .. }) = (actor.user.id, &actor.session);
        self.limits.admit_end_by(user).await?;
        let mut unit = self.ports.store.begin().await?;
        // Whoever was signed out a moment ago ends nobody's session any more.
        let stands = unit.lock_users(&[user]).await?.iter().any(|user| user.epoch == *epoch);
        let ended = match unit.keep_only_session(user, *id, *epoch, self.ports.clock.now()).await? {
            Some(ended) if stands => ended,
            Some(_) | None => return Err(Error::Unauthenticated),
        };
        if ended > 0 {
            unit.record(&actor.event(&self.ports, EventKind::SessionsEnded)).await?;
            unit.commit().await?;
        }
        Ok(())
    }

    /// Notes the language the actor wants to be written to in.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn speak(&self, actor: &Actor, language: Language) -> Result<(), Error> {
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
    use crate::id::UserId;
    use crate::policy::Policy;
    use crate::ports::mocks::{Scene, a_user};

    #[tokio::test]
    async fn somebody_elses_session_is_not_ended() {
        let mut scene = Scene::default();
        let stranger = UserId::from_uuid(uuid::Uuid::from_u128(7));
        scene.store.expect_find_session().returning(move |_| {
            let actor = Actor::of(a_user());
            Ok(Some((Session { user_id: stranger, ..actor.session }, actor.user)))
        });
        scene.store.expect_begin().never();
        let sessions = Sessions::new(scene.ports(), Policy::default());
        let actor = Actor::of(a_user());
        let outcome = sessions.end(&actor, actor.session.id).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }
}
