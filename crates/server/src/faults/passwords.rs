//! Faults of the hasher: it logs passwords, or skips the hash for unknown accounts.

use std::sync::Arc;

use async_trait::async_trait;
use vestibule_domain::model::password::{Password, PasswordHash};
use vestibule_domain::ports::{HashError, PasswordHasher, Verdict};

use super::Fault;

pub(super) struct FaultyHasher {
    fault: Fault,
    inner: Arc<dyn PasswordHasher>,
}

impl FaultyHasher {
    pub(super) fn new(fault: Fault, inner: Arc<dyn PasswordHasher>) -> Self {
        Self { fault, inner }
    }

    fn log(&self, password: &Password) {
        if self.fault == Fault::LogPasswords {
            tracing::info!(password = %String::from_utf8_lossy(password.expose()), "hashing");
        }
    }
}

#[async_trait]
impl PasswordHasher for FaultyHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        self.log(password);
        self.inner.hash(password).await
    }

    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, HashError> {
        self.log(password);
        if self.fault == Fault::DecoySkipped && *hash == self.inner.decoy() {
            return Ok(Verdict::Mismatch);
        }
        self.inner.verify(password, hash).await
    }

    fn accept_foreign_hash(&self, text: &str) -> Result<PasswordHash, HashError> {
        self.inner.accept_foreign_hash(text)
    }

    fn decoy(&self) -> PasswordHash {
        self.inner.decoy()
    }
}
