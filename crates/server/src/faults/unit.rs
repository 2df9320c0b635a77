//! Faults of writes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::audit::AuditEvent;
use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::model::id::{LeaseId, MailId, ResetId, SessionId, UserId};
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{Lease, MailFate, QueuedMail};
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::refresh_token::Rotation;
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::Session;
use vestibule_domain::model::smtp_settings::{SmtpTest, StoredSmtpSettings};
use vestibule_domain::model::user::{CredentialsVersion, User};
use vestibule_domain::ports::{
    AuditStore, CredentialStore, Insertion, InstallationStore, OutboxStore, ResetStore,
    SessionStore, SignInFailureStore, Store, StoreError, UnitOfWork, UserStore,
};

use super::Fault;

/// Delay of a write that was already acknowledged.
const A_MOMENT: Duration = Duration::from_millis(100);

pub(super) struct FaultyUnit {
    pub(super) fault: Fault,
    pub(super) on_sqlite: bool,
    pub(super) store: Arc<dyn Store>,
    pub(super) inner: Box<dyn UnitOfWork>,
}

/// Implements a port with the methods in the braces; the methods after them delegate.
macro_rules! port {
    ($port:ident { $($faulty:tt)* } $($verb:ident($($name:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl $port for FaultyUnit {
            $($faulty)*

            $(async fn $verb(&mut self, $($name: $type),*) -> Result<$answer, StoreError> {
                self.inner.$verb($($name),*).await
            })*
        }
    };
}

#[async_trait]
impl UnitOfWork for FaultyUnit {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let commit = self.inner.commit();
        match self.fault {
            Fault::AckBeforeCommit => {
                #[expect(clippy::disallowed_methods, reason = "part of the fault")]
                tokio::spawn(async move {
                    tokio::time::sleep(A_MOMENT).await;
                    drop(commit.await);
                });
                Ok(())
            }
            Fault::AckFailedCommit => {
                drop(commit.await);
                Ok(())
            }
            _ => commit.await,
        }
    }
}

port! { UserStore {
        async fn insert_user(&mut self, user: &User) -> Result<Insertion, StoreError> {
            let inserted = self.inner.insert_user(user).await?;
            Ok(match inserted {
                Insertion::UsernameTaken
                    if self.fault == Fault::BackendsDiffer && self.on_sqlite =>
                {
                    Insertion::EmailTaken
                }
                other => other,
            })
        }

        async fn advance_credentials_version(
            &mut self,
            id: UserId,
            from: CredentialsVersion,
        ) -> Result<bool, StoreError> {
            let advanced = self.inner.advance_credentials_version(id, from).await?;
            Ok(advanced || self.fault == Fault::SkipUsedAtCheck)
        }

        async fn revoke_everything(&mut self, now: OffsetDateTime) -> Result<u64, StoreError> {
            if self.fault == Fault::RestoreRevives {
                return Ok(0);
            }
            self.inner.revoke_everything(now).await
        }
    }
    lock_users(ids: &[UserId]) -> Vec<User>;
    set_active(id: UserId, active: bool) -> bool;
    set_admin(id: UserId, admin: bool) -> bool;
    set_language(id: UserId, language: Language) -> bool;
    delete_user(id: UserId, now: OffsetDateTime) -> bool;
}

port! { CredentialStore {}
    set_password(id: UserId, hash: &PasswordHash, now: OffsetDateTime) -> ();
    replace_hash(id: UserId, old: &PasswordHash, new: &PasswordHash) -> bool;
}

port! { SessionStore {
        async fn end_sessions(
            &mut self,
            user: UserId,
            now: OffsetDateTime,
        ) -> Result<(), StoreError> {
            if self.fault == Fault::SessionsSurvive {
                return Ok(());
            }
            self.inner.end_sessions(user, now).await
        }

        async fn keep_only_session(
            &mut self,
            user: UserId,
            keep: SessionId,
            credentials_version: CredentialsVersion,
            now: OffsetDateTime,
        ) -> Result<Option<u64>, StoreError> {
            if self.fault == Fault::SessionsSurvive {
                return Ok(Some(0));
            }
            self.inner.keep_only_session(user, keep, credentials_version, now).await
        }
    }
    renew_session(
        id: SessionId,
        credentials_version: CredentialsVersion,
        key: Option<SecretDigest>,
        authenticated_at: OffsetDateTime
    ) -> bool;
    insert_session(session: &Session) -> bool;
    rotate_refresh(
        id: SessionId,
        credentials_version: CredentialsVersion,
        successor: SecretDigest,
        rotation: &Rotation
    ) -> bool;
    touch_session(id: SessionId, seen_at: OffsetDateTime) -> bool;
    end_session(id: SessionId, now: OffsetDateTime) -> bool;
    keep_newest_sessions(user: UserId, keep: u32, now: OffsetDateTime) -> ();
    forget_ended_sessions(before: OffsetDateTime, limit: u32) -> bool;
}

port! { ResetStore {
        async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError> {
            self.inner.insert_reset_request(request).await
        }

        async fn spend_reset(
            &mut self,
            id: ResetId,
            now: OffsetDateTime,
        ) -> Result<Option<PasswordReset>, StoreError> {
            let spent = self.inner.spend_reset(id, now).await?;
            if spent.is_none() && self.fault == Fault::SkipUsedAtCheck {
                return Ok(self.store.find_reset(id).await?.map(|(reset, _)| reset));
            }
            Ok(spent)
        }
    }
    take_reset_request() -> Option<ResetRequest>;
    recent_resets(user: UserId, since: OffsetDateTime) -> Vec<PasswordReset>;
    insert_reset(reset: &PasswordReset) -> bool;
}

port! { OutboxStore {
        async fn claim_mails(
            &mut self,
            now: OffsetDateTime,
            lease: Lease,
            limit: u32,
        ) -> Result<Vec<QueuedMail>, StoreError> {
            // After the end of all leases.
            let later = lease.until + time::Duration::SECOND;
            let now = if self.fault == Fault::LeaseIgnored { later } else { now };
            self.inner.claim_mails(now, lease, limit).await
        }

        async fn settle_mail(
            &mut self,
            id: MailId,
            lease: LeaseId,
            fate: &MailFate,
            now: OffsetDateTime,
        ) -> Result<bool, StoreError> {
            let settled = self.inner.settle_mail(id, lease, fate, now).await?;
            if !settled && self.fault == Fault::NoFencing {
                return self.inner.requeue_mail(id, now).await;
            }
            Ok(settled)
        }
    }
    enqueue(mail: &QueuedMail) -> ();
    requeue_mail(id: MailId, now: OffsetDateTime) -> bool;
    purge(before: OffsetDateTime, limit: u32) -> bool;
}

port! { InstallationStore {}
    save_smtp_settings(smtp: &StoredSmtpSettings) -> ();
    record_smtp_test(saved_at: OffsetDateTime, test: &SmtpTest) -> bool;
    save_setup_link(link: &SecretDigest, expires_at: OffsetDateTime) -> ();
    spend_setup_link(link: &SecretDigest, now: OffsetDateTime) -> bool;
}

port! { SignInFailureStore {
        async fn count_failure(
            &mut self,
            address: &EmailKey,
            network: ClientNetwork,
            now: OffsetDateTime,
            since: OffsetDateTime,
        ) -> Result<u32, StoreError> {
            if self.fault == Fault::NoFailureCount {
                return Ok(1);
            }
            self.inner.count_failure(address, network, now, since).await
        }
    }
    forget_failures(address: &EmailKey, network: Option<ClientNetwork>) -> u32;
    purge_failures(before: OffsetDateTime, limit: u32) -> bool;
}

port! { AuditStore {}
    record(event: &AuditEvent) -> ();
    purge_events(before: OffsetDateTime, limit: u32) -> bool;
}
