//! Sessions in the store.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::model::id::{SessionId, UserId};
use crate::model::refresh_token::Rotation;
use crate::model::secret::SecretDigest;
use crate::model::session::Session;
use crate::model::user::CredentialsVersion;

/// The sessions. A session that a method ends at `now` is added to the ended sessions at `now`.
#[async_trait]
pub trait SessionStore: Send {
    /// Adds a session. Returns `false`, and changes nothing, if its user does not exist.
    async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError>;

    /// Updates the time of a session's latest use; an earlier time than the stored one changes
    /// nothing. Returns `false` if there is no such session.
    async fn touch_session(
        &mut self,
        id: SessionId,
        seen_at: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Updates the time of a session's latest authentication, and replaces its browser key. Returns
    /// `false`, and changes nothing, if there is no such session or it has another credentials version.
    async fn renew_session(
        &mut self,
        id: SessionId,
        credentials_version: CredentialsVersion,
        key: Option<SecretDigest>,
        authenticated_at: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Exchanges a session's current refresh token, `rotation.from`, for `successor`, and updates the
    /// time of the session's latest use.
    ///
    /// Returns `false`, and changes nothing, if there is no such session, it has another credentials
    /// version, or another token is current. Of any number of concurrent units with one
    /// `rotation.from` exactly one gets `true`.
    async fn rotate_refresh(
        &mut self,
        id: SessionId,
        credentials_version: CredentialsVersion,
        successor: SecretDigest,
        rotation: &Rotation,
    ) -> Result<bool, StoreError>;

    /// Ends a session. Returns `false` if there is none.
    async fn end_session(&mut self, id: SessionId, now: OffsetDateTime)
    -> Result<bool, StoreError>;

    /// Ends all sessions of a user except `keep`, which gets the credentials version, and returns the
    /// number of ended ones. Returns `None`, and changes nothing, if the user has no such session.
    async fn keep_only_session(
        &mut self,
        user: UserId,
        keep: SessionId,
        credentials_version: CredentialsVersion,
        now: OffsetDateTime,
    ) -> Result<Option<u64>, StoreError>;

    /// Ends all sessions of a user except the `keep` newest.
    async fn keep_newest_sessions(
        &mut self,
        user: UserId,
        keep: u32,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Ends all sessions of a user.
    async fn end_sessions(&mut self, user: UserId, now: OffsetDateTime) -> Result<(), StoreError>;

    /// Deletes at most `limit` entries of ended sessions from before `before`. Returns `true` if there
    /// may be more.
    async fn forget_ended_sessions(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError>;
}
