//! The store: reads, and units of work for writes.
//!
//! A use case begins a unit of work, calls its methods, and commits it. Only
//! [`Store::add_reset_request`] writes without a unit.
//! Methods that decide a race are single statements and return a value, not an error.
//! Times are stored to the microsecond.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::audit::AuditStore;
use super::installation::InstallationStore;
use super::outbox::OutboxStore;
use super::sessions::SessionStore;
use super::sign_in_failures::SignInFailureStore;
use crate::error::BoxError;
use crate::model::audit::AuditEvent;
use crate::model::client::ClientNetwork;
use crate::model::email::EmailKey;
use crate::model::id::{EventId, MailId, ResetId, SessionId, UserId};
use crate::model::language::Language;
use crate::model::mail::MailRecord;
use crate::model::password::PasswordHash;
use crate::model::password_reset::{PasswordReset, ResetRequest};
use crate::model::secret::SecretDigest;
use crate::model::session::{EndedSession, Session};
use crate::model::sign_in_failures::FailureCount;
use crate::model::smtp_settings::StoredSmtpSettings;
use crate::model::stats::Stats;
use crate::model::user::{CredentialsVersion, User, UserFilter};

/// The database.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Store: Send + Sync {
    /// Begins a unit of work.
    ///
    /// Its writes are not visible outside until it is committed. Dropping it rolls back.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Adds a reset request, for an address with or without an account; durable and visible when this
    /// returns.
    ///
    /// Needs no unit, so that many can be written in one transaction. Once begun, it is finished even
    /// if the caller stops waiting.
    async fn add_reset_request(&self, request: &ResetRequest) -> Result<(), StoreError>;

    /// Returns if the store is reachable.
    async fn ping(&self) -> Result<(), StoreError>;

    // Reads are outside of units: on SQLite a unit takes the only write lock, and one that is held
    // open over slow work would block all writers.

    /// Returns the user with that id.
    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Returns the user with that address, and their password hash.
    async fn find_user_by_email(
        &self,
        key: &EmailKey,
    ) -> Result<Option<(User, Option<PasswordHash>)>, StoreError>;

    /// Returns a user's password hash.
    async fn find_password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError>;

    /// Returns the session with its user; called for each authenticated request.
    ///
    /// Sees all commits of this store at once; commits of other processes, and commits whose caller
    /// stopped waiting, after a second at most (decision 0024).
    async fn find_session(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError>;

    /// Returns the browser session whose key has that digest, with its user.
    async fn find_browser_session(
        &self,
        key: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError>;

    /// Returns the session whose refresh tokens share the half with that digest, with its user.
    async fn find_refreshed_session(
        &self,
        family: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError>;

    /// Returns all sessions of a user, the latest used first.
    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError>;

    /// Returns at most `limit` ended sessions after that entry, ordered by end time and then by id.
    async fn list_ended_sessions(
        &self,
        after: EndedSession,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError>;

    /// Returns at most `limit` sessions created at or after `since` whose credentials version is not
    /// that of their user.
    async fn list_overtaken_sessions(
        &self,
        since: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Returns the reset with its user.
    async fn find_reset(&self, id: ResetId) -> Result<Option<(PasswordReset, User)>, StoreError>;

    /// Returns at most `limit` users that pass the filter, with an id after `after`, in the order of
    /// their ids, which is that of their creation.
    async fn list_users(
        &self,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;

    /// Returns at most `limit` mails with an id before `before`, the newest first.
    async fn list_mails(
        &self,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError>;

    /// Returns at most `limit` audit events with an id before `before`, of one user if given, the newest
    /// first.
    async fn list_events(
        &self,
        user: Option<UserId>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError>;

    /// Returns the number of wrong passwords in a row for an address, in all and from a network.
    async fn find_failures(
        &self,
        address: &EmailKey,
        network: ClientNetwork,
    ) -> Result<FailureCount, StoreError>;

    /// Returns the SMTP settings that an administrator saved.
    async fn find_smtp_settings(&self) -> Result<Option<StoredSmtpSettings>, StoreError>;

    /// Returns the stats at `now`. Slow on large tables.
    async fn count(&self, now: OffsetDateTime) -> Result<Stats, StoreError>;

    /// Returns `true` if a setup link with that digest is valid at `now`.
    async fn is_setup_link_live(
        &self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
}

/// A transaction.
#[async_trait]
pub trait UnitOfWork:
    UserStore
    + CredentialStore
    + SignInFailureStore
    + SessionStore
    + ResetStore
    + OutboxStore
    + AuditStore
    + InstallationStore
    + Send
{
    /// Makes all writes of the unit durable and visible, atomically.
    ///
    /// Once begun, it is finished even if the caller stops waiting.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// The users.
#[async_trait]
pub trait UserStore: Send {
    /// Adds a user. Changes nothing if the address or the username is taken.
    ///
    /// The unit stays usable either way. Usernames are compared by their keys.
    async fn insert_user(&mut self, user: &User) -> Result<Insertion, StoreError>;

    /// Increments a user's credentials version from `from`, which invalidates all sessions and links
    /// of `from`.
    ///
    /// Returns `false`, and changes nothing, if the user does not exist or has another version.
    /// Of any number of concurrent units with one `from` exactly one gets `true`.
    async fn advance_credentials_version(
        &mut self,
        id: UserId,
        from: CredentialsVersion,
    ) -> Result<bool, StoreError>;

    /// Revokes all sessions and links: increments the credentials version of all users, ends all
    /// sessions, and supersedes at `now` all resets that were not used. Returns the number of users.
    async fn revoke_everything(&mut self, now: OffsetDateTime) -> Result<u64, StoreError>;

    /// Locks the users with those ids until the unit ends, and returns those that exist, in the order
    /// of their ids.
    async fn lock_users(&mut self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// Activates or deactivates a user. Returns `false` if there is no such user.
    async fn set_active(&mut self, id: UserId, active: bool) -> Result<bool, StoreError>;

    /// Grants or revokes administrator rights. Returns `false` if there is no such user.
    async fn set_admin(&mut self, id: UserId, admin: bool) -> Result<bool, StoreError>;

    /// Sets the language of mails to a user. Returns `false` if there is no such user.
    async fn set_language(&mut self, id: UserId, language: Language) -> Result<bool, StoreError>;

    /// Deletes a user with their password, failure counts, sessions, which end at `now`, resets and
    /// mails. Audit events about them stay.
    ///
    /// Returns `false` if there is no such user.
    async fn delete_user(&mut self, id: UserId, now: OffsetDateTime) -> Result<bool, StoreError>;
}

/// The result of adding a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// The user was added.
    Inserted,
    /// Another user has that address.
    EmailTaken,
    /// Another user has that username.
    UsernameTaken,
}

/// The password hashes.
#[async_trait]
pub trait CredentialStore: Send {
    /// Sets a user's password hash, replacing an earlier one.
    async fn set_password(
        &mut self,
        id: UserId,
        hash: &PasswordHash,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Replaces a hash by another one of the same password.
    ///
    /// Returns `false`, and changes nothing, if the stored hash is not `old` any more.
    async fn replace_hash(
        &mut self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;
}

/// The reset requests and password resets.
#[async_trait]
pub trait ResetStore: Send {
    /// Adds a request, for an address with or without an account.
    async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError>;

    /// Removes and returns the oldest request.
    ///
    /// Of any number of concurrent units each request is taken by exactly one; a rollback puts it back.
    async fn take_reset_request(&mut self) -> Result<Option<ResetRequest>, StoreError>;

    /// Returns the resets issued to a user at or after `since`, newest first.
    ///
    /// Until the unit ends, no other unit can issue one to the same user.
    async fn recent_resets(
        &mut self,
        user: UserId,
        since: OffsetDateTime,
    ) -> Result<Vec<PasswordReset>, StoreError>;

    /// Adds a reset, and supersedes all earlier ones of the user.
    ///
    /// Returns `false`, and changes nothing, if its user does not exist.
    async fn insert_reset(&mut self, reset: &PasswordReset) -> Result<bool, StoreError>;

    /// Uses up a reset: of any number of concurrent units exactly one receives it.
    ///
    /// Returns `None`, and changes nothing, if it is unknown, used, superseded or expired at `now`, or
    /// if its user is inactive or has another credentials version or address than at issue.
    async fn spend_reset(
        &mut self,
        id: ResetId,
        now: OffsetDateTime,
    ) -> Result<Option<PasswordReset>, StoreError>;
}

/// The error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Unreachable or too busy. Nothing was changed; an interrupted commit changed all or nothing.
    #[error("database unavailable")]
    Unavailable(#[source] BoxError),
    /// The database contains something this version cannot read, or refused a valid statement.
    #[error("the database is damaged or of another version")]
    Corrupt(#[source] BoxError),
}
