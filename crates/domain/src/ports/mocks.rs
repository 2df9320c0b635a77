//! Stand-ins for the tests inside this crate: the one mock of the unit of work, a clock that stands
//! still and a generator that counts.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::limiter::MockRateLimiter;
use super::passwords::{MockCommonPasswords, MockPasswordHasher};
use super::sealer::MockSealer;
use super::store::MockStore;
use super::tokens::{MockAccessTokens, MockResetTokens};
use super::*;
use crate::audit::AuditEvent;
use crate::caller::ClientNetwork;
use crate::email::{EmailAddress, EmailKey};
use crate::failures::FailureCount;
use crate::id::{LeaseId, MailId, SessionId, UserId};
use crate::language::Language;
use crate::mail::{Lease, MailFate, QueuedMail};
use crate::password::PasswordHash;
use crate::refresh::Rotation;
use crate::relay::{RelayTest, StoredRelay};
use crate::reset::{PasswordReset, ResetId, ResetRequest};
use crate::secret::SecretDigest;
use crate::session::Session;
use crate::token::SignedToken;
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
        async fn revoke_everything(&mut self, now: OffsetDateTime) -> Result<u64, StoreError>;
        async fn lock_users(&mut self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;
        async fn set_active(&mut self, id: UserId, active: bool) -> Result<bool, StoreError>;
        async fn set_admin(&mut self, id: UserId, admin: bool) -> Result<bool, StoreError>;
        async fn set_language(
            &mut self, id: UserId, language: Language,
        ) -> Result<bool, StoreError>;
        async fn delete_user(
            &mut self, id: UserId, now: OffsetDateTime,
        ) -> Result<bool, StoreError>;
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
    impl Failures for Unit {
        async fn count_failure(
            &mut self, address: &EmailKey, network: ClientNetwork, now: OffsetDateTime,
            since: OffsetDateTime,
        ) -> Result<u32, StoreError>;
        async fn forget_failures(
            &mut self, address: &EmailKey, network: Option<ClientNetwork>,
        ) -> Result<u32, StoreError>;
        async fn purge_failures(
            &mut self, before: OffsetDateTime, limit: u32,
        ) -> Result<bool, StoreError>;
    }

    #[async_trait]
    impl Audit for Unit {
        async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError>;
        async fn purge_events(
            &mut self, before: OffsetDateTime, limit: u32,
        ) -> Result<bool, StoreError>;
    }

    #[async_trait]
    impl Sessions for Unit {
        async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError>;
        async fn touch_session(
            &mut self, id: SessionId, seen_at: OffsetDateTime,
        ) -> Result<bool, StoreError>;
        async fn renew_session(
            &mut self, id: SessionId, epoch: CredentialEpoch, key: Option<SecretDigest>,
            authenticated_at: OffsetDateTime,
        ) -> Result<bool, StoreError>;
        async fn rotate_refresh(
            &mut self, id: SessionId, epoch: CredentialEpoch, successor: SecretDigest,
            rotation: &Rotation,
        ) -> Result<bool, StoreError>;
        async fn end_session(
            &mut self, id: SessionId, now: OffsetDateTime,
        ) -> Result<bool, StoreError>;
        async fn keep_only_session(
            &mut self, user: UserId, keep: SessionId, epoch: CredentialEpoch, now: OffsetDateTime,
        ) -> Result<Option<u64>, StoreError>;
        async fn keep_newest_sessions(
            &mut self, user: UserId, keep: u32, now: OffsetDateTime,
        ) -> Result<(), StoreError>;
        async fn end_sessions(
            &mut self, user: UserId, now: OffsetDateTime,
        ) -> Result<(), StoreError>;
        async fn forget_ended_sessions(
            &mut self, before: OffsetDateTime, limit: u32,
        ) -> Result<bool, StoreError>;
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
        async fn requeue_mail(
            &mut self, id: MailId, now: OffsetDateTime,
        ) -> Result<bool, StoreError>;
        async fn purge(
            &mut self, before: OffsetDateTime, limit: u32,
        ) -> Result<bool, StoreError>;
    }

    #[async_trait]
    impl Installation for Unit {
        async fn save_relay(&mut self, relay: &StoredRelay) -> Result<(), StoreError>;
        async fn note_relay_test(
            &mut self, saved_at: OffsetDateTime, test: &RelayTest,
        ) -> Result<bool, StoreError>;
        async fn save_setup_link(
            &mut self, link: &SecretDigest, expires_at: OffsetDateTime,
        ) -> Result<(), StoreError>;
        async fn spend_setup_link(
            &mut self, link: &SecretDigest, now: OffsetDateTime,
        ) -> Result<bool, StoreError>;
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

/// A unit in which events may be recorded and nothing was held against anybody.
pub(crate) fn a_unit() -> MockUnit {
    let mut unit = MockUnit::new();
    unit.expect_record().returning(|_| Ok(()));
    unit.expect_forget_failures().returning(|_, _| Ok(0));
    unit
}

/// Some hash.
pub(crate) fn a_hash() -> PasswordHash {
    PasswordHash::from_phc("$some$hash".to_owned())
}

/// Every port as a mock, set up by a test and wired by [`Scene::ports`].
#[derive(Default)]
pub(crate) struct Scene {
    pub(crate) store: MockStore,
    pub(crate) hasher: MockPasswordHasher,
    pub(crate) access_tokens: MockAccessTokens,
    pub(crate) reset_tokens: MockResetTokens,
    pub(crate) sealer: MockSealer,
}

impl Scene {
    /// The store opens exactly one unit: this one.
    pub(crate) fn opens(&mut self, unit: MockUnit) {
        self.store.expect_begin().once().return_once(|| Ok(Box::new(unit)));
    }

    /// A password is hashed exactly once.
    pub(crate) fn hashes(&mut self) {
        self.hasher.expect_hash().once().returning(|_| Ok(a_hash()));
    }

    /// There is a password, compared exactly once with this verdict.
    pub(crate) fn has_password(&mut self, verdict: Verdict) {
        self.store.expect_find_password().returning(|_| Ok(Some(a_hash())));
        self.hasher.expect_verify().once().returning(move |_, _| Ok(verdict));
    }

    /// Somebody has the address that is asked for.
    pub(crate) fn knows_somebody(&mut self) {
        self.store.expect_find_user_by_email().returning(|_| Ok(Some((a_user(), Some(a_hash())))));
    }

    /// Wires the mocks; tokens can always be signed, and nobody is limited.
    pub(crate) fn ports(mut self) -> Ports {
        self.access_tokens.expect_issue().returning(|_| Ok(SignedToken::new("access".to_owned())));
        self.store.expect_find_failures().returning(|_, _| Ok(FailureCount::default()));
        let mut common_passwords = MockCommonPasswords::new();
        common_passwords.expect_contains().returning(|text| text == "everybody uses this");
        let mut limiter = MockRateLimiter::new();
        limiter.expect_admit().returning(|_, _| Decision::Admitted);
        Ports {
            store: Arc::new(self.store),
            hasher: Arc::new(self.hasher),
            common_passwords: Arc::new(common_passwords),
            access_tokens: Arc::new(self.access_tokens),
            reset_tokens: Arc::new(self.reset_tokens),
            sealer: Arc::new(self.sealer),
            limiter: Arc::new(limiter),
            clock: Arc::new(FixedClock(OffsetDateTime::UNIX_EPOCH)),
            random: Arc::new(CountingRandom::default()),
        }
    }
}
