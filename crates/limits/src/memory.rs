//! A limiter in memory, with an exact sliding window per key and bounded memory.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use vestibule_domain::ports::{Decision, Limit, LimitKey, RateLimiter};

/// Number of locks the keys are distributed over.
const SHARDS: usize = 16;

/// A limiter that counts attempts in this process.
///
/// A key expires when its last admitted attempt is one window old. If the capacity is exceeded, the
/// key that expires next is removed early: bounded memory is more important than the last seconds
/// of a limit, and an attacker needs as many other networks as the capacity to remove one key. A
/// key stores at most as many times, of 16 bytes each, as its limit admits.
///
/// Each process counts separately, and a restart clears the counts. The limit of a key can change
/// between attempts; the key expires after the window of its last admitted attempt.
pub struct MemoryLimiter {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    now: Box<dyn Fn() -> Instant + Send + Sync>,
}

/// The keys of one lock.
#[derive(Default)]
struct Shard {
    capacity: usize,
    keys: HashMap<LimitKey, Attempts>,
    /// Keys in the order of their expiry.
    queue: BTreeMap<Expiry, LimitKey>,
    last_number: u64,
}

/// The expiry of a key; the number makes it unique.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Expiry {
    at: Instant,
    number: u64,
}

/// The admitted attempts of one key, oldest first.
struct Attempts {
    admitted: VecDeque<Instant>,
    expiry: Expiry,
}

impl MemoryLimiter {
    /// Number of keys of a busy service within a window; some tens of megabytes at most.
    pub const DEFAULT_CAPACITY: usize = 100_000;

    /// Creates a limiter for about `capacity` keys.
    pub fn new(capacity: usize) -> Self {
        Self::with_time(capacity, Instant::now)
    }

    /// Creates a limiter with another clock, which must be monotonic.
    pub fn with_time(capacity: usize, now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        let capacity = capacity.div_ceil(SHARDS).max(1);
        let shard = || Mutex::new(Shard { capacity, ..Shard::default() });
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: RandomState::new(),
            now: Box::new(now),
        }
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).keys.len()).sum()
    }

    /// Returns `true` if there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn decide(&self, key: &LimitKey, limit: Limit) -> Decision {
        // The remainder is below `SHARDS`, so the conversion cannot fail.
        let shard = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that times are recorded in order.
        let now = (self.now)();
        shard.remove_expired(now);
        shard.decide(key, limit, now)
    }
}

impl Shard {
    fn decide(&mut self, key: &LimitKey, limit: Limit, now: Instant) -> Decision {
        let attempts = usize::try_from(limit.attempts.get()).unwrap_or(usize::MAX);
        self.last_number += 1;
        let expiry = Expiry { at: now + limit.window, number: self.last_number };
        if self.keys.len() >= self.capacity && !self.keys.contains_key(key) {
            // Before the new key is inserted, because it may be the one that expires first.
            self.remove_first();
        }
        match self.keys.entry(key.clone()) {
            Entry::Occupied(mut entry) => {
                let log = entry.get_mut();
                while log.admitted.front().is_some_and(|at| *at + limit.window <= now) {
                    log.admitted.pop_front();
                }
                // The next attempt is admitted when the attempt `attempts` before it has expired.
                let blocking = log.admitted.len().checked_sub(attempts);
                if let Some(blocking) = blocking.and_then(|index| log.admitted.get(index)) {
                    let retry_after = (*blocking + limit.window).saturating_duration_since(now);
                    return Decision::Refused { retry_after };
                }
                log.admitted.push_back(now);
                self.queue.remove(&log.expiry);
                log.expiry = expiry;
            }
            Entry::Vacant(entry) => {
                entry.insert(Attempts { admitted: VecDeque::from([now]), expiry });
            }
        }
        self.queue.insert(expiry, key.clone());
        Decision::Admitted
    }

    fn remove_expired(&mut self, now: Instant) {
        while self.queue.first_key_value().is_some_and(|(expiry, _)| expiry.at <= now) {
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        if let Some((_, key)) = self.queue.pop_first() {
            self.keys.remove(&key);
        }
    }
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision {
        self.decide(key, limit)
    }
}

impl fmt::Debug for MemoryLimiter {
    /// Formats the number of keys, not the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLimiter").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}
