//! The session cache: sessions that were read recently, with their users.
//!
//! Every authenticated request needs a session. Changes by this process invalidate entries before
//! they are acknowledged; changes by other processes are noticed after
//! [`Settings::max_staleness`](crate::Settings::max_staleness) at the latest (decision 0024).
//! Expiry is not decided here: the use case checks it on each request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::time::Instant;
use uuid::Uuid;
use vestibule_domain::model::id::{SessionId, UserId};
use vestibule_domain::model::session::Session;
use vestibule_domain::model::user::User;

/// Maximum size in bytes.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// Estimated number of entries that fit.
const ITEMS: usize = 20_000;
/// Approximate overhead of the cache per entry, in bytes.
const OVERHEAD: usize = 128;
/// Number of change counters. More counters mean fewer false invalidations, but more memory.
const COUNTERS: usize = 4096;

/// Cached sessions, and counters of changes.
pub(crate) struct SessionCache {
    cache: Cache<SessionId, Arc<Entry>, ByBytes>,
    max_staleness: Duration,
    /// Number of all changes.
    changes: AtomicU64,
    /// Number of changes of sessions and users, by a part of the id; several ids share a counter.
    counters: Box<[AtomicU64]>,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Entry {
    session: Session,
    user: User,
    read_at: Instant,
    /// Counters of the session and its user at the time of the read.
    counted: [u64; 2],
}

/// The state before a read.
pub(crate) struct Before {
    at: Instant,
    changes: u64,
}

/// Sessions and users changed by a unit of work.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    ids: Vec<Uuid>,
    all_users: bool,
}

impl Touched {
    pub(crate) fn session(&mut self, id: SessionId) {
        self.ids.push(id.as_uuid());
    }

    /// Marks a user and the user's sessions as changed.
    pub(crate) fn user(&mut self, id: UserId) {
        self.ids.push(id.as_uuid());
    }

    pub(crate) fn all_users(&mut self) {
        self.all_users = true;
    }
}

/// Hits and misses of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// Number of reads from the cache.
    pub hits: u64,
    /// Number of reads from the database.
    pub misses: u64,
}

impl SessionCache {
    /// Creates a cache that serves sessions for `max_staleness` after the read; zero disables it.
    pub(crate) fn new(max_staleness: Duration) -> Self {
        Self {
            cache: Cache::with_weighter(ITEMS, CAPACITY, ByBytes),
            max_staleness,
            changes: AtomicU64::new(0),
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Returns the hits and misses.
    pub(crate) fn usage(&self) -> CacheUse {
        CacheUse {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    /// Returns a session and its user, if they were read recently and have not changed since.
    pub(crate) fn find(&self, id: SessionId) -> Option<(Session, User)> {
        let mut found = self.cache.get(&id);
        if found.as_ref().is_some_and(|entry| !self.is_valid(entry)) {
            self.cache.remove_if(&id, |entry| !self.is_valid(entry));
            found = None;
        }
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found.map(|entry| (entry.session.clone(), entry.user.clone()))
    }

    fn is_valid(&self, entry: &Entry) -> bool {
        entry.read_at.elapsed() < self.max_staleness
            && entry.counted == self.counted(&entry.session, &entry.user)
    }

    fn counted(&self, session: &Session, user: &User) -> [u64; 2] {
        [session.id.as_uuid(), user.id.as_uuid()].map(|id| self.counter(id).load(Ordering::SeqCst))
    }

    fn counter(&self, id: Uuid) -> &AtomicU64 {
        // The last bytes of an id are random.
        let [.., high, low] = *id.as_bytes();
        &self.counters[usize::from(u16::from_be_bytes([high, low])) % COUNTERS]
    }

    /// Returns the state to pass to [`remember`](Self::remember); call before the database is read.
    pub(crate) fn before(&self) -> Before {
        Before { at: Instant::now(), changes: self.changes.load(Ordering::SeqCst) }
    }

    /// Adds a session, unless anything has changed since `before`, so that it may be outdated.
    pub(crate) fn remember(&self, before: &Before, session: &Session, user: &User) {
        if self.max_staleness.is_zero() {
            return;
        }
        // The order matters: a change increments `changes` before the counters, so one that the
        // counters already include is detected here.
        let counted = self.counted(session, user);
        if self.changes.load(Ordering::SeqCst) != before.changes {
            return;
        }
        let (session, user, read_at) = (session.clone(), user.clone(), before.at);
        self.cache.insert(session.id, Arc::new(Entry { session, user, read_at, counted }));
    }

    /// Invalidates the changes of a unit of work. Call after the commit, before it is acknowledged.
    pub(crate) fn forget(&self, touched: &Touched) {
        if touched.ids.is_empty() && !touched.all_users {
            return;
        }
        self.changes.fetch_add(1, Ordering::SeqCst);
        for id in &touched.ids {
            self.counter(*id).fetch_add(1, Ordering::SeqCst);
        }
        if touched.all_users {
            for counter in &self.counters {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

impl std::fmt::Debug for SessionCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionCache").field("usage", &self.usage()).finish_non_exhaustive()
    }
}

/// Weighs entries by the memory they take.
#[derive(Clone)]
struct ByBytes;

impl Weighter<SessionId, Arc<Entry>> for ByBytes {
    fn weight(&self, _: &SessionId, entry: &Arc<Entry>) -> u64 {
        let Entry { session, user, .. } = &**entry;
        let texts = [
            session.client.user_agent().unwrap_or_default(),
            user.email.as_str(),
            user.email.key().as_str(),
            user.username.as_str(),
        ];
        let bytes = texts.iter().map(|text| text.len()).sum::<usize>();
        (bytes + size_of::<Entry>() + OVERHEAD) as u64
    }
}

#[cfg(test)]
mod tests {
    use vestibule_domain::ports::OsRandom;
    use vestibule_testkit::contract::given;

    use super::*;

    const MAX_STALENESS: Duration = Duration::from_secs(1);

    fn session_and_user() -> (Session, User) {
        let user = given::user("anna");
        (given::session(&user), user)
    }

    fn remembered(cache: &SessionCache) -> (Session, User) {
        let (session, user) = session_and_user();
        cache.remember(&cache.before(), &session, &user);
        (session, user)
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_served_until_it_is_stale() {
        let cache = SessionCache::new(MAX_STALENESS);
        let (session, user) = remembered(&cache);
        assert_eq!(cache.find(session.id), Some((session.clone(), user)));
        tokio::time::advance(MAX_STALENESS / 2).await;
        assert!(cache.find(session.id).is_some());
        tokio::time::advance(MAX_STALENESS / 2).await;
        assert_eq!(cache.find(session.id), None);
        assert_eq!(cache.usage(), CacheUse { hits: 2, misses: 1 });
    }

    /// Staleness counts from before the read, which may take long.
    #[tokio::test(start_paused = true)]
    async fn a_slow_read_is_stale_when_it_ends() {
        let cache = SessionCache::new(MAX_STALENESS);
        let (session, user) = session_and_user();
        let before = cache.before();
        tokio::time::advance(MAX_STALENESS).await;
        cache.remember(&before, &session, &user);
        assert_eq!(cache.find(session.id), None);
    }

    #[tokio::test(start_paused = true)]
    async fn zero_staleness_disables_the_cache() {
        let cache = SessionCache::new(Duration::ZERO);
        let (session, _) = remembered(&cache);
        assert_eq!(cache.find(session.id), None);
        assert!(cache.cache.is_empty());
    }

    #[test]
    fn a_change_of_the_session_its_user_or_all_users_is_noticed() {
        let changes: [fn(&mut Touched, &Session); 3] = [
            |touched, session| touched.session(session.id),
            |touched, session| touched.user(session.user_id),
            |touched, _| touched.all_users(),
        ];
        for change in changes {
            let cache = SessionCache::new(MAX_STALENESS);
            let (session, _) = remembered(&cache);
            let mut touched = Touched::default();
            cache.forget(&touched);
            assert!(cache.find(session.id).is_some(), "nothing was touched");
            change(&mut touched, &session);
            cache.forget(&touched);
            assert_eq!(cache.find(session.id), None);
        }
    }

    #[test]
    fn a_session_that_changes_during_the_read_is_not_cached() {
        let cache = SessionCache::new(MAX_STALENESS);
        let (session, user) = session_and_user();
        let before = cache.before();
        let mut touched = Touched::default();
        touched.user(user.id);
        cache.forget(&touched);
        cache.remember(&before, &session, &user);
        assert_eq!(cache.find(session.id), None);
    }

    #[test]
    fn the_cache_does_not_exceed_its_capacity() {
        let cache = SessionCache::new(MAX_STALENESS);
        let (session, user) = session_and_user();
        for _ in 0..50_000 {
            let id = SessionId::generate(given::noon(), &OsRandom);
            cache.remember(&cache.before(), &Session { id, ..session.clone() }, &user);
        }
        assert!(cache.cache.weight() <= CAPACITY);
        assert!(cache.cache.len() > 10_000, "{}", cache.cache.len());
    }
}
