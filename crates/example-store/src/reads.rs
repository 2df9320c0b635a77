//! Reads outside a unit of work, and the one write that needs no unit.

use std::cmp::Reverse;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::task::spawn_blocking;
use vestibule_domain::model::audit::AuditEvent;
use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::model::id::{EventId, MailId, ResetId, SessionId, UserId};
use vestibule_domain::model::mail::{MailRecord, MailState};
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::{EndedSession, Session};
use vestibule_domain::model::sign_in_failures::FailureCount;
use vestibule_domain::model::smtp_settings::StoredSmtpSettings;
use vestibule_domain::model::stats::Stats;
use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::ports::{Store, StoreError, UnitOfWork};

use crate::records::{
    Account, Ended, KeptMail, KeptReset, KeptSession, Noted, Request, SetupLink, TheSmtpServer,
    Tried, hex,
};
use crate::shelves::{Readable, Record as _, Shelves};
use crate::{RedbStore, at_most};

/// Returns a session with its user.
fn with_user(
    shelves: &Shelves<Readable>,
    session: Option<KeptSession>,
) -> Result<Option<(Session, User)>, StoreError> {
    let Some(KeptSession(session)) = session else { return Ok(None) };
    let owner: Option<Account> = shelves.find(&session.user_id.to_string())?;
    Ok(owner.map(|owner| (session, owner.user)))
}

#[async_trait]
impl Store for RedbStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }

    async fn add_reset_request(&self, request: &ResetRequest) -> Result<(), StoreError> {
        let unit = self.unit().await?;
        let request = request.clone();
        // A blocking task runs to its end, even if the caller is dropped.
        let written = spawn_blocking(move || {
            unit.shelves()?.put(&Request(request))?;
            unit.finish()
        });
        written.await.unwrap_or_else(|lost| Err(StoreError::Unavailable(lost.into())))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|_| Ok(()))
    }

    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let account = self.read(|shelves| shelves.find::<Account>(&id.to_string()))?;
        Ok(account.map(|account| account.user))
    }

    async fn find_user_by_email(
        &self,
        key: &EmailKey,
    ) -> Result<Option<(User, Option<PasswordHash>)>, StoreError> {
        let account = self.read(|shelves| shelves.named(&Account::by_email(key)))?;
        Ok(account.map(|Account { user, password }| (user, password)))
    }

    async fn find_password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError> {
        let account = self.read(|shelves| shelves.find::<Account>(&id.to_string()))?;
        Ok(account.and_then(|account| account.password))
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        self.read(|shelves| with_user(&shelves, shelves.find(&id.to_string())?))
    }

    async fn find_browser_session(
        &self,
        key: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.read(|shelves| with_user(&shelves, shelves.named(&KeptSession::by_browser(key))?))
    }

    async fn find_refreshed_session(
        &self,
        family: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.read(|shelves| with_user(&shelves, shelves.named(&KeptSession::by_family(family))?))
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let kept = self.read(|shelves| shelves.named_like(&KeptSession::all_of(user)))?;
        let mut sessions: Vec<Session> = kept.into_iter().map(|KeptSession(kept)| kept).collect();
        sessions.sort_by_key(|session| Reverse((session.last_seen_at, session.id)));
        Ok(sessions)
    }

    async fn list_ended_sessions(
        &self,
        after: EndedSession,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let after = Ended(after).key();
        self.read(|shelves| {
            let ended = shelves.walk::<Ended>(Some(&after), None)?.take(at_most(limit));
            ended.map(|ended| ended.map(|Ended(session)| session)).collect()
        })
    }

    async fn list_overtaken_sessions(
        &self,
        since: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<SessionId>, StoreError> {
        // Sorted by time of creation.
        let first = SessionId::earliest(since).to_string();
        self.read(|shelves| {
            let mut overtaken = Vec::new();
            for kept in shelves.walk::<KeptSession>(Some(&first), None)? {
                let KeptSession(session) = kept?;
                let owner: Option<Account> = shelves.find(&session.user_id.to_string())?;
                let is_overtaken = owner.is_some_and(|owner| {
                    owner.user.credentials_version != session.credentials_version
                });
                if is_overtaken && session.created_at >= since && overtaken.len() < at_most(limit) {
                    overtaken.push(session.id);
                }
            }
            Ok(overtaken)
        })
    }

    async fn find_reset(&self, id: ResetId) -> Result<Option<(PasswordReset, User)>, StoreError> {
        self.read(|shelves| {
            let Some(KeptReset(reset)) = shelves.find(&hex(id.as_bytes()))? else {
                return Ok(None);
            };
            let owner: Option<Account> = shelves.find(&reset.user_id.to_string())?;
            Ok(owner.map(|owner| (reset, owner.user)))
        })
    }

    async fn list_users(
        &self,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let after = after.map(|id| id.to_string());
        self.read(|shelves| {
            let accounts = shelves.walk::<Account>(after.as_deref(), None)?;
            let users = accounts.map(|account| account.map(|account| account.user));
            // Errors pass every filter.
            let found =
                users.filter(|user| user.as_ref().map_or(true, |user| filter.accepts(user)));
            found.take(at_most(limit)).collect()
        })
    }

    async fn list_mails(
        &self,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError> {
        let before = before.map(|id| id.to_string());
        self.read(|shelves| {
            let newest_first = shelves.walk::<KeptMail>(None, before.as_deref())?.rev();
            let records = newest_first.map(|mail| {
                let mail = mail?;
                let owner: Option<Account> = shelves.find(&mail.user_id().to_string())?;
                Ok(owner.map(|owner| mail.record(owner.user.email)))
            });
            records.filter_map(Result::transpose).take(at_most(limit)).collect()
        })
    }

    async fn list_events(
        &self,
        user: Option<UserId>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let before = before.map(|id| id.to_string());
        let asked_for = |event: &AuditEvent| user.is_none_or(|user| event.user_id == Some(user));
        self.read(|shelves| {
            let newest_first = shelves.walk::<Noted>(None, before.as_deref())?.rev();
            let events = newest_first.map(|noted| noted.map(|Noted(event)| event));
            let found = events.filter(|event| event.as_ref().map_or(true, asked_for));
            found.take(at_most(limit)).collect()
        })
    }

    async fn find_failures(
        &self,
        address: &EmailKey,
        network: ClientNetwork,
    ) -> Result<FailureCount, StoreError> {
        let tried = self.read(|shelves| shelves.find::<Tried>(address.as_str()))?;
        Ok(tried.map_or_else(FailureCount::default, |tried| tried.count(network)))
    }

    async fn find_smtp_settings(&self) -> Result<Option<StoredSmtpSettings>, StoreError> {
        let kept = self.read(|shelves| shelves.find(TheSmtpServer::KEY))?;
        Ok(kept.map(|TheSmtpServer(smtp)| smtp))
    }

    async fn count(&self, now: OffsetDateTime) -> Result<Stats, StoreError> {
        self.read(|shelves| {
            let mut stats = Stats::default();
            for account in shelves.all::<Account>()? {
                stats.users += u64::from(account.is_ok());
            }
            for session in shelves.all::<KeptSession>()? {
                stats.sessions += u64::from(session?.0.expires_at > now);
            }
            for request in shelves.all::<Request>()? {
                stats.reset_requests += u64::from(request.is_ok());
            }
            for mail in shelves.all::<KeptMail>()? {
                if let MailState::Waiting { due_at } = mail?.state {
                    stats.waiting_mails += 1;
                    let due = Some(due_at).filter(|due_at| *due_at <= now);
                    stats.due_since = [stats.due_since, due].into_iter().flatten().min();
                }
            }
            Ok(stats)
        })
    }

    async fn is_setup_link_live(
        &self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let kept = self.read(|shelves| shelves.find::<SetupLink>(SetupLink::KEY))?;
        Ok(kept.is_some_and(|kept| kept.is_live(link, now)))
    }
}
