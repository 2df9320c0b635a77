//! Faults of reads.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::Mutex;
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

use super::Fault;
use super::unit::FaultyUnit;

/// Duration of a blocking failure.
const HOLD_UP: Duration = Duration::from_secs(10);
/// A time after all links have expired.
const MUCH_LATER: time::Duration = time::Duration::weeks(5000);

pub(super) struct FaultyStore {
    fault: Fault,
    on_sqlite: bool,
    inner: Arc<dyn Store>,
    /// Serialises access, so that a failure blocks the others.
    turn: Mutex<()>,
}

impl FaultyStore {
    pub(super) fn new(fault: Fault, on_sqlite: bool, inner: Arc<dyn Store>) -> Self {
        Self { fault, on_sqlite, inner, turn: Mutex::new(()) }
    }

    fn in_any_credentials_version(
        &self,
        found: Option<(Session, User)>,
    ) -> Option<(Session, User)> {
        let is_blind =
            matches!(self.fault, Fault::NoCredentialsVersionCheck | Fault::SessionsSurvive);
        found.map(|(session, user)| {
            (
                Session {
                    credentials_version: if is_blind {
                        user.credentials_version
                    } else {
                        session.credentials_version
                    },
                    ..session
                },
                user,
            )
        })
    }
}

/// Delays the response for an existing account.
fn linger(fault: Fault) {
    let delay = match fault {
        Fault::Sleep2msIfKnown => Duration::from_millis(2),
        Fault::Sleep300usIfKnown => Duration::from_micros(300),
        _ => return,
    };
    // Busy-waits, because the timer of the runtime rounds up to the next millisecond.
    tokio::task::block_in_place(|| std::thread::sleep(delay));
}

/// An unexpected error.
fn odd() -> StoreError {
    StoreError::Corrupt("an odd value".into())
}

#[async_trait]
impl Store for FaultyStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let inner = self.inner.begin().await?;
        let (fault, store) = (self.fault, self.inner.clone());
        Ok(Box::new(FaultyUnit { fault, on_sqlite: self.on_sqlite, store, inner }))
    }

    async fn find_user_by_email(
        &self,
        key: &EmailKey,
    ) -> Result<Option<(User, Option<PasswordHash>)>, StoreError> {
        let mut found = self.inner.find_user_by_email(key).await?;
        if found.is_some() {
            linger(self.fault);
        }
        if let Some((user, hash)) = &mut found
            && self.fault == Fault::TellInactive
            && !user.is_active
        {
            *hash = Some(PasswordHash::from_phc("unreadable".to_owned()));
        }
        Ok(found)
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        Ok(self.in_any_credentials_version(self.inner.find_session(id).await?))
    }

    async fn find_browser_session(
        &self,
        key: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        Ok(self.in_any_credentials_version(self.inner.find_browser_session(key).await?))
    }

    async fn find_refreshed_session(
        &self,
        family: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        Ok(self.in_any_credentials_version(self.inner.find_refreshed_session(family).await?))
    }

    async fn list_ended_sessions(
        &self,
        after: EndedSession,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError> {
        self.inner.list_ended_sessions(after, limit).await
    }

    async fn list_overtaken_sessions(
        &self,
        since: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.inner.list_overtaken_sessions(since, limit).await
    }

    async fn find_reset(&self, id: ResetId) -> Result<Option<(PasswordReset, User)>, StoreError> {
        let mut found = self.inner.find_reset(id).await?;
        if let Some((reset, _)) = &mut found
            && self.fault == Fault::SendExpired
        {
            reset.expires_at += MUCH_LATER;
        }
        Ok(found)
    }

    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        if self.fault == Fault::FailOnStrangers {
            return self.inner.find_user(id).await?.map(Some).ok_or_else(odd);
        }
        if self.fault != Fault::FailureBlocks {
            return self.inner.find_user(id).await;
        }
        let _turn = self.turn.lock().await;
        let found = self.inner.find_user(id).await;
        if found.is_err() {
            tokio::time::sleep(HOLD_UP).await;
        }
        found
    }

    async fn list_users(
        &self,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let is_odd = filter.text.as_ref().is_some_and(|text| !text.is_ascii());
        if self.fault == Fault::FailOnOddQueries && is_odd {
            return Err(odd());
        }
        self.inner.list_users(filter, after, limit).await
    }

    async fn add_reset_request(&self, request: &ResetRequest) -> Result<(), StoreError> {
        match self.inner.add_reset_request(request).await {
            Err(_) if self.fault == Fault::AckFailedCommit => {}
            outcome => outcome?,
        }
        let is_curious = matches!(self.fault, Fault::Sleep2msIfKnown | Fault::Sleep300usIfKnown);
        if is_curious && self.inner.find_user_by_email(&request.email_key).await?.is_some() {
            linger(self.fault);
        }
        Ok(())
    }

    // The other methods delegate.

    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }

    async fn find_password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError> {
        self.inner.find_password(id).await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.inner.list_sessions(user).await
    }

    async fn list_mails(
        &self,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError> {
        self.inner.list_mails(before, limit).await
    }

    async fn list_events(
        &self,
        user: Option<UserId>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        self.inner.list_events(user, before, limit).await
    }

    async fn find_failures(
        &self,
        address: &EmailKey,
        network: ClientNetwork,
    ) -> Result<FailureCount, StoreError> {
        self.inner.find_failures(address, network).await
    }

    async fn find_smtp_settings(&self) -> Result<Option<StoredSmtpSettings>, StoreError> {
        self.inner.find_smtp_settings().await
    }

    async fn count(&self, now: OffsetDateTime) -> Result<Stats, StoreError> {
        self.inner.count(now).await
    }

    async fn is_setup_link_live(
        &self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.inner.is_setup_link_live(link, now).await
    }
}
