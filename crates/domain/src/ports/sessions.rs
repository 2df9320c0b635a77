//! The sessions: what begins, changes and ends them.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::id::{SessionId, UserId};
use crate::refresh::Rotation;
use crate::secret::SecretDigest;
use crate::session::Session;
use crate::user::CredentialEpoch;

/// The sessions. Whichever verb ends one at `now`, it is listed as ended then.
#[async_trait]
pub trait Sessions: Send {
    /// Adds a session. Answers `false`, and changes nothing, when its user is gone.
    async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError>;

    /// Notes that a session's owner was seen; an earlier moment than the noted one changes nothing.
    /// Answers `false` when there is no such session.
    async fn touch_session(
        &mut self,
        id: SessionId,
        seen_at: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Notes that a session's owner has proved again who they are, and gives it another browser
    /// key: the old one is dead. Answers `false`, and changes nothing, when there is no such
    /// session or it is not in `epoch`.
    async fn renew_session(
        &mut self,
        id: SessionId,
        epoch: CredentialEpoch,
        key: Option<SecretDigest>,
        authenticated_at: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Exchanges a session's refresh token: the one that works, `rotation.from`, for `successor`;
    /// and notes that the session's owner was seen.
    ///
    /// Answers `false`, and changes nothing, when there is no such session, it is not in `epoch`, or
    /// another token works. Of any number of concurrent units with one `rotation.from` exactly one
    /// is answered `true`.
    async fn rotate_refresh(
        &mut self,
        id: SessionId,
        epoch: CredentialEpoch,
        successor: SecretDigest,
        rotation: &Rotation,
    ) -> Result<bool, StoreError>;

    /// Ends a session. Answers `false` when there was none.
    async fn end_session(&mut self, id: SessionId, now: OffsetDateTime)
    -> Result<bool, StoreError>;

    /// Ends all sessions of a user but `keep`, which lives on in `epoch`, and answers how many it
    /// ended. `None`, and nothing changed, when the user has no such session.
    async fn keep_only_session(
        &mut self,
        user: UserId,
        keep: SessionId,
        epoch: CredentialEpoch,
        now: OffsetDateTime,
    ) -> Result<Option<u64>, StoreError>;

    /// Ends all sessions of a user but the `keep` that began last.
    async fn keep_newest_sessions(
        &mut self,
        user: UserId,
        keep: u32,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Ends all sessions of a user.
    async fn end_sessions(&mut self, user: UserId, now: OffsetDateTime) -> Result<(), StoreError>;

    /// Forgets that sessions have ended which did so before `before`.
    ///
    /// Forgets at most `limit`, and answers whether there may be more.
    async fn forget_ended_sessions(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError>;
}
