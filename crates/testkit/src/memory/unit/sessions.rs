//! The sessions.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::id::{SessionId, UserId};
use vestibule_domain::model::refresh_token::{Refresh, Rotation};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::{EndedSession, Session};
use vestibule_domain::model::user::CredentialsVersion;
use vestibule_domain::ports::{SessionStore, StoreError};

use super::MemoryUnit;

#[async_trait]
impl SessionStore for MemoryUnit {
    async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError> {
        if !self.state.users.contains_key(&session.user_id) {
            return Ok(false);
        }
        self.state.sessions.insert(session.id, session.clone());
        Ok(true)
    }

    async fn touch_session(
        &mut self,
        id: SessionId,
        seen_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let session = self.state.sessions.get_mut(&id);
        Ok(session.map(|s| s.last_seen_at = s.last_seen_at.max(seen_at)).is_some())
    }

    async fn renew_session(
        &mut self,
        id: SessionId,
        credentials_version: CredentialsVersion,
        key: Option<SecretDigest>,
        authenticated_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let session = self
            .state
            .sessions
            .get_mut(&id)
            .filter(|session| session.credentials_version == credentials_version);
        let renewed = session.map(|session| {
            session.browser_key = key;
            session.authenticated_at = authenticated_at;
        });
        Ok(renewed.is_some())
    }

    async fn rotate_refresh(
        &mut self,
        id: SessionId,
        credentials_version: CredentialsVersion,
        successor: SecretDigest,
        rotation: &Rotation,
    ) -> Result<bool, StoreError> {
        let Some(session) = self
            .state
            .sessions
            .get_mut(&id)
            .filter(|s| s.credentials_version == credentials_version)
        else {
            return Ok(false);
        };
        let Some(refresh) = session.refresh.take_if(|kept| kept.current == rotation.from) else {
            return Ok(false);
        };
        let rotated = Refresh { current: successor, rotation: Some(*rotation), ..refresh };
        session.refresh = Some(rotated);
        session.last_seen_at = session.last_seen_at.max(rotation.at);
        Ok(true)
    }

    async fn end_session(
        &mut self,
        id: SessionId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        Ok(self.state.end_sessions(now, |session| session.id == id) > 0)
    }

    async fn keep_only_session(
        &mut self,
        user: UserId,
        keep: SessionId,
        credentials_version: CredentialsVersion,
        now: OffsetDateTime,
    ) -> Result<Option<u64>, StoreError> {
        let kept = self.state.sessions.get_mut(&keep).filter(|session| session.user_id == user);
        let Some(kept) = kept else { return Ok(None) };
        kept.credentials_version = credentials_version;
        let others = |session: &Session| session.user_id == user && session.id != keep;
        Ok(Some(self.state.end_sessions(now, others)))
    }

    async fn keep_newest_sessions(
        &mut self,
        user: UserId,
        keep: u32,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let sessions = &self.state.sessions;
        let mut own: Vec<SessionId> =
            sessions.values().filter(|s| s.user_id == user).map(|session| session.id).collect();
        own.sort_unstable();
        let excess = own.len().saturating_sub(usize::try_from(keep).unwrap());
        self.state.end_sessions(now, |session| own[..excess].contains(&session.id));
        Ok(())
    }

    async fn end_sessions(&mut self, user: UserId, now: OffsetDateTime) -> Result<(), StoreError> {
        self.state.end_sessions(now, |session| session.user_id == user);
        Ok(())
    }

    async fn forget_ended_sessions(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        let old = self.state.ended_sessions.iter().take_while(|ended| ended.ended_at < before);
        let old: Vec<EndedSession> = old.take(limit).copied().collect();
        for ended in &old {
            self.state.ended_sessions.remove(ended);
        }
        Ok(old.len() == limit)
    }
}
