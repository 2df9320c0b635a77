//! A cache of verified access tokens.
//!
//! Verifying a signature is the most expensive part of an authenticated request, and clients send
//! the same token repeatedly. The cache maps the digest of a token to its claims, so a token cannot
//! be recovered from memory. A reload of the keys invalidates all entries. Times are not checked
//! here.

use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};
use vestibule_domain::model::claims::AccessClaims;

/// Maximum number of entries: 8 MiB including the overhead of the cache.
const CAPACITY: usize = 8 * 1024 * 1024 / (size_of::<([u8; 32], Entry)>() + OVERHEAD);
/// Approximate overhead per entry.
const OVERHEAD: usize = 64;

/// Claims of verified tokens by digest.
pub(crate) struct VerificationCache {
    cache: Cache<[u8; 32], Entry>,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Clone)]
struct Entry {
    claims: AccessClaims,
    /// Generation of the keys that verified the token.
    keys: u64,
}

/// The digest of a token, used as the cache key.
pub(crate) struct TokenDigest([u8; 32]);

/// Hits and misses of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Number of tokens that were found.
    pub hits: u64,
    /// Number of tokens that were not found.
    pub misses: u64,
}

impl TokenDigest {
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl VerificationCache {
    pub(crate) fn new() -> Self {
        let (hits, misses) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { cache: Cache::new(CAPACITY), hits, misses }
    }

    /// Returns the claims of a token if it was verified with keys of this generation.
    pub(crate) fn get(&self, token: &TokenDigest, keys: u64) -> Option<AccessClaims> {
        let found = self.cache.get(&token.0).filter(|entry| entry.keys == keys);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found.map(|entry| entry.claims)
    }

    /// Stores the claims of a token that was verified with keys of this generation or a later one.
    pub(crate) fn insert(&self, token: &TokenDigest, keys: u64, claims: &AccessClaims) {
        self.cache.insert(token.0, Entry { claims: claims.clone(), keys });
    }

    /// Returns the hits and misses.
    pub(crate) fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }
}

impl std::fmt::Debug for VerificationCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerificationCache").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
