//! [`SeaStore`]: reads outside a unit of work, and the start of units of work.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use time::OffsetDateTime;
use tracing::Instrument as _;
use vestibule_domain::model::audit::AuditEvent;
use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::model::id::{EventId, MailId, ResetId, SessionId, UserId};
use vestibule_domain::model::mail::MailRecord;
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::{EndedSession, Session};
use vestibule_domain::model::sign_in_failures::FailureCount;
use vestibule_domain::model::smtp_settings::StoredSmtpSettings;
use vestibule_domain::model::stats::Stats;
use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::ports::{Store, StoreError, UnitOfWork};

use crate::connect::{self, Connections, Settings};
use crate::error::{ConnectError, store_error, unavailable};
use crate::postgres::{OPERATION_TIMEOUT, Postgres, ServerCheck};
use crate::reset_request_batch::ResetRequestBatcher;
use crate::session_cache::{CacheUse, SessionCache, Touched};
use crate::stats::ConnectionCounts;
use crate::unit::{SeaUnit, TimedTransaction, Timeout};
use crate::{
    audit, credentials, ended, installation, outbox, resets, sessions, sign_in_failures, spans,
    stats, users,
};

/// The store, in SQLite or PostgreSQL. Clones share the connections.
#[derive(Clone, Debug)]
pub struct SeaStore {
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
    pub(crate) server: Option<Postgres>,
    pub(crate) session_cache: Arc<SessionCache>,
    pub(crate) requests: Arc<ResetRequestBatcher>,
}

impl SeaStore {
    /// Opens the database without migrating it. Creates an SQLite file if it does not exist.
    ///
    /// Does not connect to a PostgreSQL server; [`check_available`](Self::check_available) does.
    ///
    /// # Errors
    /// [`ConnectError`] if the URL is invalid or the file cannot be opened.
    pub async fn open(settings: &Settings) -> Result<Self, ConnectError> {
        let Connections { writer, reader, server } = connect::open_store(settings).await?;
        let session_cache = Arc::new(SessionCache::new(settings.max_staleness));
        Ok(Self { writer, reader, server, session_cache, requests: Arc::default() })
    }

    /// Opens the database and checks that it is available.
    ///
    /// # Errors
    /// [`ConnectError`] if the URL is invalid or the database cannot be used.
    pub async fn connect(settings: &Settings) -> Result<Self, ConnectError> {
        let store = Self::open(settings).await?;
        store.check_available().await?;
        Ok(store)
    }

    /// Checks that the server is reachable, accepts the credentials and accepts writes. Logs a
    /// warning for settings that risk the loss of committed data. Does nothing for SQLite.
    ///
    /// # Errors
    /// [`ConnectError`]; a retry may help if it [`is_transient`](ConnectError::is_transient).
    pub async fn check_available(&self) -> Result<(), ConnectError> {
        match &self.server {
            Some(server) => server.check_available().await,
            None => Ok(()),
        }
    }

    /// Checks the database like [`check_available`](Self::check_available), and returns its
    /// version, settings and clock.
    ///
    /// # Errors
    /// [`ConnectError`], as [`check_available`](Self::check_available).
    pub async fn inspect(&self) -> Result<ServerCheck, ConnectError> {
        match &self.server {
            Some(server) => server.inspect().await,
            None => Ok(ServerCheck {
                version: format!("SQLite {}", connect::sqlite_version(&self.reader).await?),
                unsafe_settings: Vec::new(),
                clock: None,
            }),
        }
    }

    /// Returns `true` for PostgreSQL, whose server may become unavailable and return.
    pub fn is_on_server(&self) -> bool {
        self.server.is_some()
    }

    /// Returns the hits and misses of the session cache.
    pub fn session_cache_usage(&self) -> CacheUse {
        self.session_cache.usage()
    }

    pub(crate) async fn open_unit(&self) -> Result<SeaUnit, StoreError> {
        // SQLite: take the write lock now. A transaction that reads first and writes later fails if
        // another process has written in between.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let timeout = self.server.as_ref().map(|server| Timeout::of(server.trust.clone()));
        let begin = self.writer.begin_with_options(options);
        let span = spans::unit(self.is_on_server());
        let begin = TimedTransaction::begin(begin, timeout).instrument(spans::begin(&span));
        let tx = begin.await.map_err(store_error)?;
        Ok(SeaUnit {
            tx,
            touched: Touched::default(),
            session_cache: self.session_cache.clone(),
            span,
        })
    }

    /// Limits the time of a read from a server, which may stop responding.
    async fn read<T>(
        &self,
        read: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let read = read.instrument(spans::read(self.is_on_server()));
        if !self.is_on_server() {
            return read.await;
        }
        tokio::time::timeout(OPERATION_TIMEOUT, read)
            .await
            .unwrap_or_else(|late| Err(unavailable(late)))
    }

    /// Returns the number of open connections.
    pub fn connections(&self) -> ConnectionCounts {
        ConnectionCounts::of(&self.reader, (!self.is_on_server()).then_some(&self.writer))
    }

    /// Returns the writing connection, to run migrations.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Closes all connections after running operations have ended.
    ///
    /// On SQLite this also checkpoints the write-ahead log.
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
        if let Some(found) = self.session_cache.find(id) {
            return Ok(Some(found));
        }
        let before = self.session_cache.before();
        let found = self.read(sessions::find(&self.reader, id)).await?;
        if let Some((session, user)) = &found {
            self.session_cache.remember(&before, session, user);
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
        self.read(sign_in_failures::find(&self.reader, address, network)).await
    }

    async fn find_smtp_settings(&self) -> Result<Option<StoredSmtpSettings>, StoreError> {
        self.read(installation::find_smtp_settings(&self.reader)).await
    }

    async fn count(&self, now: OffsetDateTime) -> Result<Stats, StoreError> {
        self.read(stats::count(&self.reader, now)).await
    }

    async fn is_setup_link_live(
        &self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.read(installation::is_setup_link_live(&self.reader, link, now)).await
    }
}
