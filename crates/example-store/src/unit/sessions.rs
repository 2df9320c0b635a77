//! Sessions.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::id::{SessionId, UserId};
use vestibule_domain::model::refresh_token::{Refresh, Rotation};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::{EndedSession, Session};
use vestibule_domain::model::user::CredentialsVersion;
use vestibule_domain::ports::{SessionStore, StoreError};

use super::RedbUnit;
use crate::at_most;
use crate::records::{Account, Ended, KeptSession};
use crate::shelves::{Record as _, Shelves, Writable};

impl RedbUnit {
    fn change_session(
        &self,
        id: SessionId,
        change: impl FnOnce(&mut Session) -> bool,
    ) -> Result<bool, StoreError> {
        self.change(&id.to_string(), |KeptSession(session)| change(session))
    }

    /// Returns the sessions of a user, the oldest first.
    fn sessions_of(&self, user: UserId) -> Result<Vec<KeptSession>, StoreError> {
        self.shelves()?.named_like(&KeptSession::all_of(user))
    }
}

/// Ends sessions, and records each as ended.
pub(super) fn end<'kept>(
    shelves: &mut Shelves<Writable<'_>>,
    sessions: impl IntoIterator<Item = &'kept KeptSession>,
    now: OffsetDateTime,
) -> Result<u64, StoreError> {
    let mut ended = 0;
    for session in sessions {
        shelves.take::<KeptSession>(&session.key())?;
        shelves.put(&Ended(EndedSession { ended_at: now, id: session.0.id }))?;
        ended += 1;
    }
    Ok(ended)
}

#[async_trait]
impl SessionStore for RedbUnit {
    async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError> {
        let mut shelves = self.shelves()?;
        if shelves.find::<Account>(&session.user_id.to_string())?.is_none() {
            return Ok(false);
        }
        shelves.put(&KeptSession(session.clone()))?;
        Ok(true)
    }

    async fn touch_session(
        &mut self,
        id: SessionId,
        seen_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.change_session(id, |session| {
            session.last_seen_at = session.last_seen_at.max(seen_at);
            true
        })
    }

    async fn renew_session(
        &mut self,
        id: SessionId,
        credentials_version: CredentialsVersion,
        key: Option<SecretDigest>,
        authenticated_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.change_session(id, |session| {
            session.browser_key = key;
            session.authenticated_at = authenticated_at;
            session.credentials_version == credentials_version
        })
    }

    async fn rotate_refresh(
        &mut self,
        id: SessionId,
        credentials_version: CredentialsVersion,
        successor: SecretDigest,
        rotation: &Rotation,
    ) -> Result<bool, StoreError> {
        self.change_session(id, |session| {
            let Some(Refresh { family, current, .. }) = session.refresh else { return false };
            let rotated = Refresh { family, current: successor, rotation: Some(*rotation) };
            session.refresh = Some(rotated);
            session.last_seen_at = session.last_seen_at.max(rotation.at);
            session.credentials_version == credentials_version && current == rotation.from
        })
    }

    async fn end_session(
        &mut self,
        id: SessionId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut shelves = self.shelves()?;
        let session: Option<KeptSession> = shelves.find(&id.to_string())?;
        Ok(end(&mut shelves, &session, now)? > 0)
    }

    async fn keep_only_session(
        &mut self,
        user: UserId,
        keep: SessionId,
        credentials_version: CredentialsVersion,
        now: OffsetDateTime,
    ) -> Result<Option<u64>, StoreError> {
        let is_kept = self.change_session(keep, |session| {
            session.credentials_version = credentials_version;
            session.user_id == user
        })?;
        if !is_kept {
            return Ok(None);
        }
        let sessions = self.sessions_of(user)?;
        let others = sessions.iter().filter(|session| session.0.id != keep);
        end(&mut self.shelves()?, others, now).map(Some)
    }

    async fn keep_newest_sessions(
        &mut self,
        user: UserId,
        keep: u32,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let sessions = self.sessions_of(user)?;
        let excess = sessions.len().saturating_sub(at_most(keep));
        end(&mut self.shelves()?, &sessions[..excess], now)?;
        Ok(())
    }

    async fn end_sessions(&mut self, user: UserId, now: OffsetDateTime) -> Result<(), StoreError> {
        let sessions = self.sessions_of(user)?;
        end(&mut self.shelves()?, &sessions, now)?;
        Ok(())
    }

    async fn forget_ended_sessions(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let over = self.clear(at_most(limit), |Ended(session)| session.ended_at < before)?;
        Ok(over.len() == at_most(limit))
    }
}
