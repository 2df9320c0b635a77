//! A fast password hasher for tests, which provides no security.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use vestibule_domain::model::password::{Password, PasswordHash};
use vestibule_domain::ports::{HashError, PasswordHasher, Verdict};

/// A hasher whose "hash" contains the password, so that tests are fast and failures readable.
#[derive(Debug, Default)]
pub struct PlainHasher {
    verifications: AtomicUsize,
}

impl PlainHasher {
    /// Returns the number of verifications so far.
    pub fn verifications(&self) -> usize {
        self.verifications.load(Ordering::Relaxed)
    }

    /// Returns a hash of an older configuration, which needs a rehash.
    ///
    /// # Panics
    /// If the password is not UTF-8, which a [`Password`] always is.
    pub fn stale(password: &Password) -> PasswordHash {
        phc("stale", password)
    }
}

fn phc(kind: &str, password: &Password) -> PasswordHash {
    let text = std::str::from_utf8(password.expose()).unwrap();
    PasswordHash::from_phc(format!("${kind}${text}"))
}

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        Ok(phc("plain", password))
    }

    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, HashError> {
        self.verifications.fetch_add(1, Ordering::Relaxed);
        Ok(if *hash == phc("plain", password) {
            Verdict::Match
        } else if *hash == Self::stale(password) {
            Verdict::MatchButStale
        } else {
            Verdict::Mismatch
        })
    }

    /// Accepts its own hashes only.
    fn accept_foreign_hash(&self, text: &str) -> Result<PasswordHash, HashError> {
        if text.starts_with("$plain$") || text.starts_with("$stale$") {
            return Ok(PasswordHash::from_phc(text.to_owned()));
        }
        Err(HashError::Unreadable("it is no plain hash".into()))
    }

    fn decoy(&self) -> PasswordHash {
        PasswordHash::from_phc("$decoy$".to_owned())
    }
}
