//! What the service remembers.
//!
//! A use case opens one unit of work, uses its verbs, and commits it. One write needs no unit:
//! [`Store::add_reset_request`].
//! Verbs that decide a race are single statements and answer with a value, never an error.
//! Times are kept to the microsecond.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::audit::Audit;
use super::failures::Failures;
use super::installation::Installation;
use super::outbox::Outbox;
use super::sessions::Sessions;
use crate::audit::AuditEvent;
use crate::caller::ClientNetwork;
use crate::census::Census;
use crate::email::EmailKey;
use crate::error::BoxError;
use crate::failures::FailureCount;
use crate::id::{EventId, MailId, SessionId, UserId};
use crate::language::Language;
use crate::mail::MailRecord;
use crate::password::PasswordHash;
use crate::relay::StoredRelay;
use crate::reset::{PasswordReset, ResetId, ResetRequest};
use crate::secret::SecretDigest;
use crate::session::{EndedSession, Session};
use crate::user::{CredentialEpoch, User, UserFilter};

/// The place where everything is kept.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a unit of work.
    ///
    /// Nothing it writes is visible to anybody until it is committed. Dropping it discards
    /// everything.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Adds a request for a reset link, whether its address belongs to anybody or not; durable and
    /// visible when this answers.
    ///
    /// Needs no unit, so that many can be written together. Once begun, it is finished even if the
    /// caller stops waiting.
    async fn add_reset_request(&self, request: &ResetRequest) -> Result<(), StoreError>;

    /// Answers once the store can be reached.
    async fn ping(&self) -> Result<(), StoreError>;

    // The reads that decide nothing stand here, outside any unit: on SQLite a unit takes the one
    // write lock, and a unit held open over slow work would hold up everybody.

    /// The user with that id.
    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The user with that address, and their password hash.
    async fn find_user_by_email(
        &self,
        key: &EmailKey,
    ) -> Result<Option<(User, Option<PasswordHash>)>, StoreError>;

    /// A user's password hash.
    async fn find_password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError>;

    /// The session with its user: what every authenticated request asks.
    ///
    /// Sees whatever was committed through this store; what another process has committed, or a
    /// commit whose answer was not waited for, after a second at most (decision D12).
    async fn find_session(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError>;

    /// The browser session whose key has that digest, with its user.
    async fn find_browser_session(
        &self,
        key: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError>;

    /// The session whose refresh tokens share the half with that digest, with its user.
    async fn find_refreshed_session(
        &self,
        family: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError>;

    /// All sessions of a user, the one seen last first.
    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError>;

    /// At most `limit` sessions that have ended after that place in their order, the earliest
    /// first: by when they ended, and then by their ids.
    async fn list_ended_sessions(
        &self,
        after: EndedSession,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError>;

    /// At most `limit` sessions that began at or after `since` and are not in their user's epoch: a
    /// change of credentials has overtaken them.
    async fn list_overtaken_sessions(
        &self,
        since: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// The reset with its user.
    async fn find_reset(&self, id: ResetId) -> Result<Option<(PasswordReset, User)>, StoreError>;

    /// At most `limit` users that pass the filter, with an id after `after`, in the order of their
    /// ids, which is that of their creation.
    async fn list_users(
        &self,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;

    /// At most `limit` mails with an id before `before`, the newest first.
    async fn list_mails(
        &self,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError>;

    /// At most `limit` events with an id before `before`, the newest first; of one user if asked.
    async fn list_events(
        &self,
        user: Option<UserId>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError>;

    /// How many wrong passwords there were in a row for an address, in all and from a network.
    async fn find_failures(
        &self,
        address: &EmailKey,
        network: ClientNetwork,
    ) -> Result<FailureCount, StoreError>;

    /// The relay an administrator has described, if any has.
    async fn find_relay(&self) -> Result<Option<StoredRelay>, StoreError>;

    /// How much there is at `now`. May take a while where there is much.
    async fn count(&self, now: OffsetDateTime) -> Result<Census, StoreError>;

    /// Whether a set-up link with that digest would work at `now`.
    async fn is_setup_link_live(
        &self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
}

/// Work that happens together or not at all.
#[async_trait]
pub trait UnitOfWork:
    Users + Credentials + Failures + Sessions + Resets + Outbox + Audit + Installation + Send
{
    /// Makes everything the unit wrote durable and visible, at once.
    ///
    /// Once begun, it is finished even if the caller stops waiting.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// The users.
#[async_trait]
pub trait Users: Send {
    /// Adds a user; says so, and changes nothing, when the address or the name is taken.
    ///
    /// The unit stays usable either way. Names are the same when their keys are.
    async fn insert_user(&mut self, user: &User) -> Result<Insertion, StoreError>;

    /// Moves a user from `from` to the next epoch, which ends every session and link of `from`.
    ///
    /// Answers `false`, and changes nothing, when the user is gone or in another epoch.
    /// Of any number of concurrent units with one `from` exactly one is answered `true`.
    async fn advance_epoch(
        &mut self,
        id: UserId,
        from: CredentialEpoch,
    ) -> Result<bool, StoreError>;

    /// Ends everything that was issued to anybody so far: moves every user to the next epoch, ends
    /// every session, and supersedes, at `now`, every reset that was not used. Answers how many users
    /// there are.
    async fn revoke_everything(&mut self, now: OffsetDateTime) -> Result<u64, StoreError>;

    /// The users with those ids as they are until this unit ends, in the order of their ids: no
    /// other unit can change them meanwhile. Who is gone is left out.
    async fn lock_users(&mut self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// Activates or deactivates a user. Answers `false` when there is no such user.
    async fn set_active(&mut self, id: UserId, active: bool) -> Result<bool, StoreError>;

    /// Gives or takes an administrator's rights. Answers `false` when there is no such user.
    async fn set_admin(&mut self, id: UserId, admin: bool) -> Result<bool, StoreError>;

    /// Sets the language a user is written to in. Answers `false` when there is no such user.
    async fn set_language(&mut self, id: UserId, language: Language) -> Result<bool, StoreError>;

    /// Deletes a user with everything that belongs to them: password, wrong passwords, sessions,
    /// which have ended at `now`, resets, mails. Events about them stay.
    ///
    /// Answers `false` when there is no such user.
    async fn delete_user(&mut self, id: UserId, now: OffsetDateTime) -> Result<bool, StoreError>;
}

/// The outcome of adding a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// The user was added.
    Inserted,
    /// Another user has that address.
    EmailTaken,
    /// Another user has that name.
    UsernameTaken,
}

/// The passwords.
#[async_trait]
pub trait Credentials: Send {
    /// Sets a user's password, whether they had one or not.
    async fn set_password(
        &mut self,
        id: UserId,
        hash: &PasswordHash,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Replaces one hash of the same password by another.
    ///
    /// Answers `false`, and changes nothing, when the stored hash is not `old` any more.
    async fn replace_hash(
        &mut self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;
}

/// The password resets.
#[async_trait]
pub trait Resets: Send {
    /// Adds a request, whether its address belongs to anybody or not.
    async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError>;

    /// Takes the oldest request out of the store.
    ///
    /// Of any number of concurrent units each request is taken by exactly one; a request whose
    /// taker discards its unit is back.
    async fn take_reset_request(&mut self) -> Result<Option<ResetRequest>, StoreError>;

    /// The resets issued to a user at or after `since`, newest first.
    ///
    /// Until the unit ends, no other unit can issue one to the same user.
    async fn recent_resets(
        &mut self,
        user: UserId,
        since: OffsetDateTime,
    ) -> Result<Vec<PasswordReset>, StoreError>;

    /// Adds a reset, after it has superseded all earlier ones of the user.
    ///
    /// Answers `false`, and changes nothing, when its user is gone.
    async fn insert_reset(&mut self, reset: &PasswordReset) -> Result<bool, StoreError>;

    /// Spends a reset: of any number of concurrent units exactly one receives it.
    ///
    /// `None`, and nothing changed, when it is unknown, used, superseded or expired at `now`, or
    /// when its user is inactive or has another epoch or address than at issue.
    async fn spend_reset(
        &mut self,
        id: ResetId,
        now: OffsetDateTime,
    ) -> Result<Option<PasswordReset>, StoreError>;
}

/// Why the store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or is too busy; nothing was changed, or, at a commit that was cut
    /// off, everything or nothing.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// It holds something this version cannot read, or refused something it should accept.
    #[error("the store is damaged or of another version")]
    Corrupt(#[source] BoxError),
}
