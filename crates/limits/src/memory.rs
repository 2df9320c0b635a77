//! An exact sliding window per key, in bounded memory.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use vestibule_domain::ports::{Decision, Limit, LimitKey, RateLimiter};

/// Keys are spread over so many locks.
const SHARDS: usize = 16;

/// Counts attempts in this process.
///
/// A key is forgotten when its last admitted attempt is one window old. If there are more live keys
/// than fit, the one that would have been forgotten next goes early: bounded memory is worth more
/// than the last seconds of somebody's limit, and pushing out one key takes as many other networks
/// as fit. A key remembers at most as many moments, of 16 bytes each, as its limit admits.
///
/// Each process counts for itself, and a restart forgets. A key may come with another limit than
/// before; it is forgotten one window, as its last admitted attempt named it, after that attempt.
pub struct MemoryLimiter {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    now: Box<dyn Fn() -> Instant + Send + Sync>,
}

/// The part of the keys that is behind one lock.
#[derive(Default)]
struct Shard {
    capacity: usize,
    keys: HashMap<LimitKey, Log>,
    /// The keys in the order in which they will be forgotten.
    queue: BTreeMap<Turn, LimitKey>,
    last_turn: u64,
}

/// When a key is forgotten; the number makes it unique.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    at: Instant,
    number: u64,
}

/// The admitted attempts of one key, oldest first.
struct Log {
    admitted: VecDeque<Instant>,
    turn: Turn,
}

impl MemoryLimiter {
    /// As many keys as a busy service sees within a window, in some tens of megabytes at most.
    pub const DEFAULT_CAPACITY: usize = 100_000;

    /// Remembers up to about `capacity` keys.
    pub fn new(capacity: usize) -> Self {
        Self::with_time(capacity, Instant::now)
    }

    /// As [`MemoryLimiter::new`], with another source of time, which must never go backwards.
    pub fn with_time(capacity: usize, now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        let capacity = capacity.div_ceil(SHARDS).max(1);
        let shard = || Mutex::new(Shard { capacity, ..Shard::default() });
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: RandomState::new(),
            now: Box::new(now),
        }
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).keys.len()).sum()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn decide(&self, key: &LimitKey, limit: Limit) -> Decision {
        // The remainder is below SHARDS, so nothing is cut off.
        let shard = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that moments are recorded in the order in which they happen.
        let now = (self.now)();
        shard.forget_until(now);
        shard.decide(key, limit, now)
    }
}

impl Shard {
    fn decide(&mut self, key: &LimitKey, limit: Limit, now: Instant) -> Decision {
        let attempts = usize::try_from(limit.attempts.get()).unwrap_or(usize::MAX);
        self.last_turn += 1;
        let turn = Turn { at: now + limit.window, number: self.last_turn };
        if self.keys.len() >= self.capacity && !self.keys.contains_key(key) {
            // Before the new key is in, which may be the one that would go first.
            self.forget_first();
        }
        match self.keys.entry(key.clone()) {
            Entry::Occupied(mut entry) => {
                let log = entry.get_mut();
                while log.admitted.front().is_some_and(|at| *at + limit.window <= now) {
                    log.admitted.pop_front();
                }
                // Room comes when the attempt that is `attempts` before the next one leaves.
                let leaving = log.admitted.len().checked_sub(attempts);
                if let Some(leaving) = leaving.and_then(|place| log.admitted.get(place)) {
                    let retry_after = (*leaving + limit.window).saturating_duration_since(now);
                    return Decision::Refused { retry_after };
                }
                log.admitted.push_back(now);
                self.queue.remove(&log.turn);
                log.turn = turn;
            }
            Entry::Vacant(entry) => {
                entry.insert(Log { admitted: VecDeque::from([now]), turn });
            }
        }
        self.queue.insert(turn, key.clone());
        Decision::Admitted
    }

    fn forget_until(&mut self, now: Instant) {
        while self.queue.first_key_value().is_some_and(|(turn, _)| turn.at <= now) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
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
    /// Shows how many keys there are, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLimiter").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}
