//! Stand-ins for the tests inside this crate: the one mock of the unit of work, a clock that stands
//! still and a generator that counts.

use std::sync::Mutex;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::*;
use crate::email::{EmailAddress, EmailKey};
use crate::id::{LeaseId, MailId, SessionId, UserId};
use crate::mail::{Lease, MailFate, QueuedMail};
use crate::password::PasswordHash;
use crate::reset::{PasswordReset, ResetId, ResetRequest};
use crate::session::Session;
use crate::user::{CredentialEpoch, User};
use crate::username::Username;

mockall::mock! {
    pub Unit {}

    #[async_trait]
    impl UnitOfWork for Unit {
        async fn commit(self: Box<Self>) -> Result<(), StoreError>;
    }

    #[async_trait]
    impl Users for Unit {
        async fn insert_user(&mut self, user: &User) -> Result<Insertion, StoreError>;
        async fn advance_epoch(
            &mut self, id: UserId, from: CredentialEpoch,
        ) -> Result<bool, StoreError>;
        async fn set_active(&mut self, id: UserId, active: bool) -> Result<bool, StoreError>;
        async fn set_admin(&mut self, id: UserId, admin: bool) -> Result<bool, StoreError>;
        async fn delete_user(&mut self, id: UserId) -> Result<bool, StoreError>;
    }

    #[async_trait]
    impl Credentials for Unit {
        async fn set_password(
            &mut self, id: UserId, hash: &PasswordHash, now: OffsetDateTime,
        ) -> Result<(), StoreError>;
        async fn replace_hash(
            &mut self, id: UserId, old: &PasswordHash, new: &PasswordHash,
        ) -> Result<bool, StoreError>;
    }

    #[async_trait]
    impl Sessions for Unit {
        async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError>;
        async fn end_session(&mut self, id: SessionId) -> Result<bool, StoreError>;
        async fn keep_only_session(
            &mut self, user: UserId, keep: SessionId, epoch: CredentialEpoch,
        ) -> Result<(), StoreError>;
        async fn end_sessions(&mut self, user: UserId) -> Result<(), StoreError>;
    }

    #[async_trait]
    impl Resets for Unit {
        async fn insert_reset_request(
            &mut self, request: &ResetRequest,
        ) -> Result<(), StoreError>;
        async fn take_reset_request(&mut self) -> Result<Option<ResetRequest>, StoreError>;
        async fn recent_resets(
            &mut self, user: UserId, since: OffsetDateTime,
        ) -> Result<Vec<PasswordReset>, StoreError>;
        async fn insert_reset(&mut self, reset: &PasswordReset) -> Result<bool, StoreError>;
        async fn spend_reset(
            &mut self, id: ResetId, now: OffsetDateTime,
        ) -> Result<Option<PasswordReset>, StoreError>;
    }

    #[async_trait]
    impl Outbox for Unit {
        async fn enqueue(&mut self, mail: &QueuedMail) -> Result<(), StoreError>;
        async fn claim_mails(
            &mut self, now: OffsetDateTime, lease: Lease, limit: u32,
        ) -> Result<Vec<QueuedMail>, StoreError>;
        async fn settle_mail(
            &mut self, id: MailId, lease: LeaseId, fate: &MailFate, now: OffsetDateTime,
        ) -> Result<bool, StoreError>;
        async fn purge(&mut self, before: OffsetDateTime) -> Result<(), StoreError>;
    }
}

/// A clock that shows one moment.
pub(crate) struct FixedClock(pub(crate) OffsetDateTime);

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

/// Draws 1, 1, 1 …, then 2, 2, 2 …: predictable, and different at every call.
#[derive(Default)]
pub(crate) struct CountingRandom(Mutex<u8>);

impl Random for CountingRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut drawn = self.0.lock().unwrap();
        *drawn = drawn.wrapping_add(1);
        bytes.fill(*drawn);
    }
}

/// Somebody.
pub(crate) fn a_user() -> User {
    User::new(
        UserId::generate(OffsetDateTime::UNIX_EPOCH, &CountingRandom::default()),
        EmailAddress::parse("anna@example.com").unwrap(),
        Username::parse("anna").unwrap(),
        OffsetDateTime::UNIX_EPOCH,
    )
}

/// The key of somebody's address.
pub(crate) fn a_key() -> EmailKey {
    a_user().email.key().clone()
}
