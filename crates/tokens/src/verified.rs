//! Access tokens whose signature was verified before.
//!
//! A signature costs more than everything else that is done for an authenticated request, and
//! clients present the same token again and again. What is remembered is what a genuine token says,
//! by its digest: nobody who reads this memory can present it. Only keys that were exchanged change
//! the outcome, and then nothing remembered counts any more. Times are not judged here.

use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};
use vestibule_domain::token::AccessClaims;

/// How many tokens are remembered: with what the cache adds, 8 MiB at most.
const ITEMS: usize = 8 * 1024 * 1024 / (size_of::<([u8; 32], Entry)>() + OVERHEAD);
/// What the cache adds to each entry, roughly.
const OVERHEAD: usize = 64;

/// The tokens.
pub(crate) struct VerifiedTokens {
    cache: Cache<[u8; 32], Entry>,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Clone)]
struct Entry {
    claims: AccessClaims,
    /// The generation of keys it was verified with.
    keys: u64,
}

/// A token by which it is remembered.
pub(crate) struct TokenDigest([u8; 32]);

/// How often a cache had the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// It had.
    pub hits: u64,
    /// A signature was verified, or refused.
    pub misses: u64,
}

impl TokenDigest {
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl VerifiedTokens {
    pub(crate) fn new() -> Self {
        let (hits, misses) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { cache: Cache::new(ITEMS), hits, misses }
    }

    /// What a token says, if it was verified with these keys.
    pub(crate) fn find(&self, token: &TokenDigest, keys: u64) -> Option<AccessClaims> {
        let found = self.cache.get(&token.0).filter(|entry| entry.keys == keys);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found.map(|entry| entry.claims)
    }

    /// Remembers what a token says, that was verified with the keys of that generation or later
    /// ones.
    pub(crate) fn remember(&self, token: &TokenDigest, keys: u64, claims: &AccessClaims) {
        self.cache.insert(token.0, Entry { claims: claims.clone(), keys });
    }

    /// How well it serves.
    pub(crate) fn usage(&self) -> CacheUse {
        CacheUse {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }
}

impl std::fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifiedTokens").field("usage", &self.usage()).finish_non_exhaustive()
    }
}
