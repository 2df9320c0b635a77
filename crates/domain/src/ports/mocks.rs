//! Mocks of the ports for the unit tests of this crate.

use std::sync::Arc;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::limiter::MockRateLimiter;
use super::passwords::{MockCommonPasswords, MockPasswordHasher};
use super::sealer::MockSealer;
use super::store::MockStore;
use super::tokens::{MockAccessTokens, MockResetTokens};
use super::*;
use crate::fixtures::{CountingRandom, FixedClock, a_user};
use crate::model::audit::AuditEvent;
use crate::model::claims::SignedToken;
use crate::model::client::ClientNetwork;
use crate::model::email::EmailKey;
use crate::model::id::{LeaseId, MailId, ResetId, SessionId, UserId};
use crate::model::language::Language;
use crate::model::mail::{Lease, MailFate, QueuedMail};
use crate::model::password::PasswordHash;
use crate::model::password_reset::{PasswordReset, ResetRequest};
use crate::model::refresh_token::Rotation;
use crate::model::secret::SecretDigest;
use crate::model::session::Session;
use crate::model::sign_in_failures::FailureCount;
use crate::model::smtp_settings::{SmtpTest, StoredSmtpSettings};
use crate::model::user::{CredentialsVersion, User};

mockall::mock! {
    pub Unit {}

    #[async_trait]
    impl UnitOfWork for Unit {
        async fn commit(self: Box<Self>) -> Result<(), StoreError>;
    }

    #[async_trait]
    impl UserStore for Unit {
        async fn insert_user(&mut self, user: &User) -> Result<Insertion, StoreError>;
        async fn advance_credentials_version(
            &mut self, id: UserId, from: CredentialsVersion,
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
    impl CredentialStore for Unit {
        async fn set_password(
            &mut self, id: UserId, hash: &PasswordHash, now: OffsetDateTime,
        ) -> Result<(), StoreError>;
        async fn replace_hash(
            &mut self, id: UserId, old: &PasswordHash, new: &PasswordHash,
        ) -> Result<bool, StoreError>;
    }

    #[async_trait]
    impl SignInFailureStore for Unit {
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
    impl AuditStore for Unit {
        async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError>;
        async fn purge_events(
            &mut self, before: OffsetDateTime, limit: u32,
        ) -> Result<bool, StoreError>;
    }

    #[async_trait]
    impl SessionStore for Unit {
        async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError>;
        async fn touch_session(
            &mut self, id: SessionId, seen_at: OffsetDateTime,
        ) -> Result<bool, StoreError>;
        async fn renew_session(
            &mut self, id: SessionId, credentials_version: CredentialsVersion, key: Option<SecretDigest>,
            authenticated_at: OffsetDateTime,
        ) -> Result<bool, StoreError>;
        async fn rotate_refresh(
            &mut self, id: SessionId, credentials_version: CredentialsVersion, successor: SecretDigest,
            rotation: &Rotation,
        ) -> Result<bool, StoreError>;
        async fn end_session(
            &mut self, id: SessionId, now: OffsetDateTime,
        ) -> Result<bool, StoreError>;
        async fn keep_only_session(
            &mut self, user: UserId, keep: SessionId, credentials_version: CredentialsVersion, now: OffsetDateTime,
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
    impl ResetStore for Unit {
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
    impl OutboxStore for Unit {
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
    impl InstallationStore for Unit {
        async fn save_smtp_settings(&mut self, smtp: &StoredSmtpSettings) -> Result<(), StoreError>;
        async fn record_smtp_test(
            &mut self, saved_at: OffsetDateTime, test: &SmtpTest,
        ) -> Result<bool, StoreError>;
        async fn save_setup_link(
            &mut self, link: &SecretDigest, expires_at: OffsetDateTime,
        ) -> Result<(), StoreError>;
        async fn spend_setup_link(
            &mut self, link: &SecretDigest, now: OffsetDateTime,
        ) -> Result<bool, StoreError>;
    }
}

/// Returns a unit that records any events, without failure counts.
pub(crate) fn a_unit() -> MockUnit {
    let mut unit = MockUnit::new();
    unit.expect_record().returning(|_| Ok(()));
    unit.expect_forget_failures().returning(|_, _| Ok(0));
    unit
}

/// Returns a hash.
pub(crate) fn a_hash() -> PasswordHash {
    PasswordHash::from_phc("$some$hash".to_owned())
}

/// All ports as mocks, set up by a test and wired by [`Scene::ports`].
#[derive(Default)]
pub(crate) struct Scene {
    pub(crate) store: MockStore,
    pub(crate) hasher: MockPasswordHasher,
    pub(crate) access_tokens: MockAccessTokens,
    pub(crate) reset_tokens: MockResetTokens,
    pub(crate) sealer: MockSealer,
}

impl Scene {
    /// Expects exactly one unit: this one.
    pub(crate) fn opens(&mut self, unit: MockUnit) {
        self.store.expect_begin().once().return_once(|| Ok(Box::new(unit)));
    }

    /// Expects exactly one hashing.
    pub(crate) fn hashes(&mut self) {
        self.hasher.expect_hash().once().returning(|_| Ok(a_hash()));
    }

    /// Expects exactly one verification of an existing password, with this verdict.
    pub(crate) fn has_password(&mut self, verdict: Verdict) {
        self.store.expect_find_password().returning(|_| Ok(Some(a_hash())));
        self.hasher.expect_verify().once().returning(move |_, _| Ok(verdict));
    }

    /// Makes the store return a user for each address.
    pub(crate) fn finds_a_user(&mut self) {
        self.store.expect_find_user_by_email().returning(|_| Ok(Some((a_user(), Some(a_hash())))));
    }

    /// Wires the mocks; tokens can be signed, and no client is limited.
    pub(crate) fn ports(mut self) -> Ports {
        self.access_tokens.expect_issue().returning(|_| Ok(SignedToken::new("access".to_owned())));
        self.store.expect_find_failures().returning(|_, _| Ok(FailureCount::default()));
        let mut common_passwords = MockCommonPasswords::new();
        common_passwords.expect_contains().returning(|text| text == "a very common one");
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
