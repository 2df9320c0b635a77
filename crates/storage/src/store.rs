//! The store itself: the reads outside any unit, and the opening of units.

use async_trait::async_trait;
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use time::OffsetDateTime;
use vestibule_domain::audit::AuditEvent;
use vestibule_domain::caller::ClientNetwork;
use vestibule_domain::email::EmailKey;
use vestibule_domain::failures::FailureCount;
use vestibule_domain::id::{EventId, MailId, SessionId, UserId};
use vestibule_domain::mail::MailRecord;
use vestibule_domain::password::PasswordHash;
use vestibule_domain::ports::{Store, StoreError, UnitOfWork};
use vestibule_domain::relay::StoredRelay;
use vestibule_domain::reset::{PasswordReset, ResetId};
use vestibule_domain::secret::SecretDigest;
use vestibule_domain::session::Session;
use vestibule_domain::user::{User, UserFilter};

use crate::connect::{self, ConnectError, Connections, Settings};
use crate::error::store_error;
use crate::unit::SeaUnit;
use crate::{audit, credentials, failures, installation, outbox, resets, sessions, users};

/// The store, in SQLite or PostgreSQL. Cloning it shares the connections.
#[derive(Clone, Debug)]
pub struct SeaStore {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

impl SeaStore {
    /// Connects; creates the file if there is none, on SQLite. Does not migrate.
    ///
    /// # Errors
    /// [`ConnectError`] says what is wrong with the address or the database.
    pub async fn connect(settings: &Settings) -> Result<Self, ConnectError> {
        let Connections { writer, reader } = connect::connect(settings).await?;
        Ok(Self { writer, reader })
    }

    /// The connection that writes, for running migrations.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Closes every connection, once what is under way has ended.
    ///
    /// On SQLite this folds the write-ahead log into the file.
    pub async fn close(self) {
        for pool in [self.reader, self.writer] {
            if let Err(error) = pool.close().await {
                tracing::debug!(%error, "closing the database");
            }
        }
    }
}

#[async_trait]
impl Store for SeaStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        // SQLite: take the write lock now. A unit that reads first and writes later could find that
        // another process has written in between, and would have to start again.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let tx = self.writer.begin_with_options(options).await.map_err(store_error)?;
        Ok(Box::new(SeaUnit { tx }))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.reader.ping().await.map_err(store_error)
    }

    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        users::find(&self.reader, id).await
    }

    async fn find_user_by_email(
        &self,
        key: &EmailKey,
    ) -> Result<Option<(User, Option<PasswordHash>)>, StoreError> {
        users::find_by_email(&self.reader, key).await
    }

    async fn find_password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError> {
        credentials::find(&self.reader, id).await
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        sessions::find(&self.reader, id).await
    }

    async fn find_browser_session(
        &self,
        key: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        sessions::find_by_browser_key(&self.reader, key).await
    }

    async fn find_refreshed_session(
        &self,
        family: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        sessions::find_by_family(&self.reader, family).await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        sessions::list(&self.reader, user).await
    }

    async fn find_reset(&self, id: ResetId) -> Result<Option<(PasswordReset, User)>, StoreError> {
        resets::find(&self.reader, id).await
    }

    async fn list_users(
        &self,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        users::list(&self.reader, filter, after, limit).await
    }

    async fn list_mails(
        &self,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError> {
        outbox::list(&self.reader, before, limit).await
    }

    async fn list_events(
        &self,
        user: Option<UserId>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        audit::list(&self.reader, user, before, limit).await
    }

    async fn find_failures(
        &self,
        address: &EmailKey,
        network: ClientNetwork,
    ) -> Result<FailureCount, StoreError> {
        failures::find(&self.reader, address, network).await
    }

    async fn find_relay(&self) -> Result<Option<StoredRelay>, StoreError> {
        installation::find_relay(&self.reader).await
    }

    async fn is_setup_link_live(
        &self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        installation::is_setup_link_live(&self.reader, link, now).await
    }
}
