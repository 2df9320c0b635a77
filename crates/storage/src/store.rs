//! The store itself: the reads outside any unit, and the opening of units.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use time::OffsetDateTime;
use tracing::Instrument as _;
use vestibule_domain::audit::AuditEvent;
use vestibule_domain::caller::ClientNetwork;
use vestibule_domain::census::Census;
use vestibule_domain::email::EmailKey;
use vestibule_domain::failures::FailureCount;
use vestibule_domain::id::{EventId, MailId, SessionId, UserId};
use vestibule_domain::mail::MailRecord;
use vestibule_domain::password::PasswordHash;
use vestibule_domain::ports::{Store, StoreError, UnitOfWork};
use vestibule_domain::relay::StoredRelay;
use vestibule_domain::reset::{PasswordReset, ResetId, ResetRequest};
use vestibule_domain::secret::SecretDigest;
use vestibule_domain::session::{EndedSession, Session};
use vestibule_domain::user::{User, UserFilter};

use crate::census::Connected;
use crate::connect::{self, ConnectError, Connections, Settings};
use crate::error::{store_error, unavailable};
use crate::postgres::{ANSWER, Examination, Postgres};
use crate::recent::{CacheUse, RecentSessions, Touched};
use crate::requests::Requests;
use crate::unit::{Patience, SeaUnit, Timely};
use crate::{
    audit, census, credentials, ended, failures, installation, outbox, resets, sessions, spans,
    users,
};

/// The store, in SQLite or PostgreSQL. Cloning it shares the connections.
#[derive(Clone, Debug)]
pub struct SeaStore {
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
    pub(crate) server: Option<Postgres>,
    pub(crate) recent: Arc<RecentSessions>,
    pub(crate) requests: Arc<Requests>,
}

impl SeaStore {
    /// Opens the database; creates the file if there is none, on SQLite. Does not migrate.
    ///
    /// A server may still be away: [`visit`](Self::visit) tells.
    ///
    /// # Errors
    /// [`ConnectError`] says what is wrong with the address or the file.
    pub async fn open(settings: &Settings) -> Result<Self, ConnectError> {
        let Connections { writer, reader, server } = connect::open_store(settings).await?;
        let recent = Arc::new(RecentSessions::new(settings.recall));
        Ok(Self { writer, reader, server, recent, requests: Arc::default() })
    }

    /// Opens the database, which has to be there.
    ///
    /// # Errors
    /// [`ConnectError`] says what is wrong with the address or the database.
    pub async fn connect(settings: &Settings) -> Result<Self, ConnectError> {
        let store = Self::open(settings).await?;
        store.visit().await?;
        Ok(store)
    }

    /// Looks whether the server is there, lets us in and takes writes; warns of settings with which
    /// it may lose what it has acknowledged. A file that is open is there.
    ///
    /// # Errors
    /// [`ConnectError`], of which [`is_transient`](ConnectError::is_transient) says whether to wait.
    pub async fn visit(&self) -> Result<(), ConnectError> {
        match &self.server {
            Some(server) => server.visit().await,
            None => Ok(()),
        }
    }

    /// Looks at the database as closely as somebody who looks for what is wrong.
    ///
    /// # Errors
    /// [`ConnectError`], as [`visit`](Self::visit).
    pub async fn examine(&self) -> Result<Examination, ConnectError> {
        match &self.server {
            Some(server) => server.examine().await,
            None => Ok(Examination {
                version: format!("SQLite {}", connect::sqlite_version(&self.reader).await?),
                unsafe_settings: Vec::new(),
                clock: None,
            }),
        }
    }

    /// Whether the database is on a server, which may go away and come back.
    pub fn is_on_server(&self) -> bool {
        self.server.is_some()
    }

    /// How often a session that was asked for had been read a moment ago.
    pub fn recalled_sessions(&self) -> CacheUse {
        self.recent.usage()
    }

    pub(crate) async fn open_unit(&self) -> Result<SeaUnit, StoreError> {
        // SQLite: take the write lock now. A unit that reads first and writes later could find that
        // another process has written in between, and would have to start again.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let patience = self.server.as_ref().map(|server| Patience::of(server.trust.clone()));
        let begin = self.writer.begin_with_options(options);
        let span = spans::unit(self.is_on_server());
        let begin = Timely::begin(begin, patience).instrument(spans::begin(&span));
        let tx = begin.await.map_err(store_error)?;
        Ok(SeaUnit { tx, touched: Touched::default(), recent: self.recent.clone(), span })
    }

    /// Bounds a read of a server that may have gone silent.
    async fn read<T>(
        &self,
        read: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let read = read.instrument(spans::read(self.is_on_server()));
        if !self.is_on_server() {
            return read.await;
        }
        tokio::time::timeout(ANSWER, read).await.unwrap_or_else(|late| Err(unavailable(late)))
    }

    /// How many connections are open now.
    pub fn connections(&self) -> Connected {
        Connected::of(&self.reader, (!self.is_on_server()).then_some(&self.writer))
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
        Ok(Box::new(self.open_unit().await?))
    }

    async fn add_reset_request(&self, request: &ResetRequest) -> Result<(), StoreError> {
        self.write_request(request).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(async { self.reader.ping().await.map_err(store_error) }).await
    }

    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read(users::find(&self.reader, id)).await
    }

    async fn find_user_by_email(
        &self,
        key: &EmailKey,
    ) -> Result<Option<(User, Option<PasswordHash>)>, StoreError> {
        self.read(users::find_by_email(&self.reader, key)).await
    }

    async fn find_password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError> {
        self.read(credentials::find(&self.reader, id)).await
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        if let Some(found) = self.recent.find(id) {
            return Ok(Some(found));
        }
        let before = self.recent.before();
        let found = self.read(sessions::find(&self.reader, id)).await?;
        if let Some((session, user)) = &found {
            self.recent.remember(&before, session, user);
        }
        Ok(found)
    }

    async fn find_browser_session(
        &self,
        key: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.read(sessions::find_by_browser_key(&self.reader, key)).await
    }

    async fn find_refreshed_session(
        &self,
        family: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.read(sessions::find_by_family(&self.reader, family)).await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.read(sessions::list(&self.reader, user)).await
    }

    async fn list_ended_sessions(
        &self,
        after: EndedSession,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError> {
        self.read(ended::list(&self.reader, after, limit)).await
    }

    async fn list_overtaken_sessions(
        &self,
        since: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.read(ended::list_overtaken(&self.reader, since, limit)).await
    }

    async fn find_reset(&self, id: ResetId) -> Result<Option<(PasswordReset, User)>, StoreError> {
        self.read(resets::find(&self.reader, id)).await
    }

    async fn list_users(
        &self,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        self.read(users::list(&self.reader, filter, after, limit)).await
    }

    async fn list_mails(
        &self,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError> {
        self.read(outbox::list(&self.reader, before, limit)).await
    }

    async fn list_events(
        &self,
        user: Option<UserId>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        self.read(audit::list(&self.reader, user, before, limit)).await
    }

    async fn find_failures(
        &self,
        address: &EmailKey,
        network: ClientNetwork,
    ) -> Result<FailureCount, StoreError> {
        self.read(failures::find(&self.reader, address, network)).await
    }

    async fn find_relay(&self) -> Result<Option<StoredRelay>, StoreError> {
        self.read(installation::find_relay(&self.reader)).await
    }

    async fn count(&self, now: OffsetDateTime) -> Result<Census, StoreError> {
        self.read(census::count(&self.reader, now)).await
    }

    async fn is_setup_link_live(
        &self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.read(installation::is_setup_link_live(&self.reader, link, now)).await
    }
}
