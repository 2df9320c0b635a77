//! Ports that report metrics.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use vestibule_domain::model::password::{Password, PasswordHash};
use vestibule_domain::ports::{
    Decision, HashError, Limit, LimitKey, PasswordHasher, RateLimiter, Verdict,
};

use super::{Hashes, Limited};

/// A hasher that counts and times its hashes.
pub(super) struct Hasher {
    inner: Arc<dyn PasswordHasher>,
    hashes: Hashes,
}

impl Hasher {
    pub(super) fn new(inner: Arc<dyn PasswordHasher>, hashes: Hashes) -> Self {
        Self { inner, hashes }
    }

    async fn count<T>(
        &self,
        hashing: impl Future<Output = Result<T, HashError>>,
    ) -> Result<T, HashError> {
        let begun = Instant::now();
        let outcome = hashing.await;
        let word = match &outcome {
            Ok(_) => "done",
            Err(HashError::Busy) => "busy",
            Err(HashError::Unreadable(_) | HashError::Failed(_)) => "failed",
        };
        self.hashes.count(word, begun.elapsed());
        outcome
    }
}

#[async_trait]
impl PasswordHasher for Hasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        self.count(self.inner.hash(password)).await
    }

    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, HashError> {
        self.count(self.inner.verify(password, hash)).await
    }

    fn accept_foreign_hash(&self, text: &str) -> Result<PasswordHash, HashError> {
        self.inner.accept_foreign_hash(text)
    }

    fn decoy(&self) -> PasswordHash {
        self.inner.decoy()
    }
}

/// A limiter that counts its decisions.
pub(super) struct Limiter {
    inner: Arc<dyn RateLimiter>,
    decisions: Family<Limited, Counter>,
}

impl Limiter {
    pub(super) fn new(inner: Arc<dyn RateLimiter>, decisions: Family<Limited, Counter>) -> Self {
        Self { inner, decisions }
    }
}

#[async_trait]
impl RateLimiter for Limiter {
    async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision {
        let decided = self.inner.admit(key, limit).await;
        let decision = match decided {
            Decision::Admitted => "admitted",
            Decision::Refused { .. } => "refused",
        };
        self.decisions.get_or_create(&Limited { action: key.action.name(), decision }).inc();
        decided
    }
}
