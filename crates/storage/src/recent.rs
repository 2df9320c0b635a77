//! Sessions that were read a moment ago, with their users.
//!
//! Every authenticated request asks for one, and mostly for the same ones. What this process
//! changes is forgotten before the change is acknowledged; what another process changes is noticed
//! after [`Settings::recall`](crate::Settings::recall) at the latest (decision D12). Whether a
//! session lives is decided anew each time, by the caller's clock: nothing here outlives its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::time::Instant;
use uuid::Uuid;
use vestibule_domain::id::{SessionId, UserId};
use vestibule_domain::session::Session;
use vestibule_domain::user::User;

/// The most they take, in bytes.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// About as many as fit.
const ITEMS: usize = 20_000;
/// What the cache adds to each entry, roughly.
const OVERHEAD: usize = 128;
/// Counters of changes. More of them would forget less by mistake, and the memory is always taken.
const COUNTERS: usize = 4096;

/// The sessions, and what has changed.
pub(crate) struct RecentSessions {
    cache: Cache<SessionId, Arc<Entry>, ByBytes>,
    recall: Duration,
    /// How often anything has changed.
    changes: AtomicU64,
    /// How often something about a session or a user has, by a part of its id; several share one.
    counters: Box<[AtomicU64]>,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Entry {
    session: Session,
    user: User,
    read_at: Instant,
    /// The counters of the session and its user when it was read.
    counted: [u64; 2],
}

/// The moment before a read.
pub(crate) struct Before {
    at: Instant,
    changes: u64,
}

/// What a unit has written about sessions and users.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    ids: Vec<Uuid>,
    everybody: bool,
}

impl Touched {
    pub(crate) fn session(&mut self, id: SessionId) {
        self.ids.push(id.as_uuid());
    }

    /// A user, or any of their sessions.
    pub(crate) fn user(&mut self, id: UserId) {
        self.ids.push(id.as_uuid());
    }

    pub(crate) fn everybody(&mut self) {
        self.everybody = true;
    }
}

/// How often a cache had the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// It had.
    pub hits: u64,
    /// The database was asked.
    pub misses: u64,
}

impl RecentSessions {
    /// Sessions are given for so long after they were read; zero is never.
    pub(crate) fn new(recall: Duration) -> Self {
        Self {
            cache: Cache::with_weighter(ITEMS, CAPACITY, ByBytes),
            recall,
            changes: AtomicU64::new(0),
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// How well it serves.
    pub(crate) fn usage(&self) -> CacheUse {
        CacheUse {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    /// A session and its user, if they were read a moment ago and have not changed since.
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
        entry.read_at.elapsed() < self.recall
            && entry.counted == self.counted(&entry.session, &entry.user)
    }

    fn counted(&self, session: &Session, user: &User) -> [u64; 2] {
        [session.id.as_uuid(), user.id.as_uuid()].map(|id| self.counter(id).load(Ordering::SeqCst))
    }

    fn counter(&self, id: Uuid) -> &AtomicU64 {
        // The end of an id is random.
        let [.., high, low] = *id.as_bytes();
        &self.counters[usize::from(u16::from_be_bytes([high, low])) % COUNTERS]
    }

    /// To be taken before the database is asked.
    pub(crate) fn before(&self) -> Before {
        Before { at: Instant::now(), changes: self.changes.load(Ordering::SeqCst) }
    }

    /// Remembers what was read, unless anything has changed meanwhile: then it may be what was so
    /// before.
    pub(crate) fn remember(&self, before: &Before, session: &Session, user: &User) {
        if self.recall.is_zero() {
            return;
        }
        // In this order. Whoever changes something raises `changes` first: if that had happened
        // before these were read, it is seen now.
        let counted = self.counted(session, user);
        if self.changes.load(Ordering::SeqCst) != before.changes {
            return;
        }
        let (session, user, read_at) = (session.clone(), user.clone(), before.at);
        self.cache.insert(session.id, Arc::new(Entry { session, user, read_at, counted }));
    }

    /// Forgets what a unit has changed; to be called when it is committed, before anybody is told.
    pub(crate) fn forget(&self, touched: &Touched) {
        if touched.ids.is_empty() && !touched.everybody {
            return;
        }
        self.changes.fetch_add(1, Ordering::SeqCst);
        for id in &touched.ids {
            self.counter(*id).fetch_add(1, Ordering::SeqCst);
        }
        if touched.everybody {
            for counter in &self.counters {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

impl std::fmt::Debug for RecentSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecentSessions").field("usage", &self.usage()).finish_non_exhaustive()
    }
}

/// Weighs entries by the memory they take.
#[derive(Clone)]
struct ByBytes;

impl Weighter<SessionId, Arc<Entry>> for ByBytes {
    fn weight(&self, _: &SessionId, entry: &Arc<Entry>) -> u64 {
        let Entry { session, user, .. } = &**entry;
        let texts = [
            session.caller.user_agent().unwrap_or_default(),
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

    const RECALL: Duration = Duration::from_secs(1);

    fn somebody() -> (Session, User) {
        let user = given::user("anna");
        (given::session(&user), user)
    }

    fn remembered(recent: &RecentSessions) -> (Session, User) {
        let (session, user) = somebody();
        recent.remember(&recent.before(), &session, &user);
        (session, user)
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_is_given_for_a_moment() {
        let recent = RecentSessions::new(RECALL);
        let (session, user) = remembered(&recent);
        assert_eq!(recent.find(session.id), Some((session.clone(), user)));
        tokio::time::advance(RECALL / 2).await;
        assert!(recent.find(session.id).is_some());
        tokio::time::advance(RECALL / 2).await;
        assert_eq!(recent.find(session.id), None);
        assert_eq!(recent.usage(), CacheUse { hits: 2, misses: 1 });
    }

    /// The moment counts from before the database was asked, which may take its time.
    #[tokio::test(start_paused = true)]
    async fn a_slow_read_is_old_when_it_arrives() {
        let recent = RecentSessions::new(RECALL);
        let (session, user) = somebody();
        let before = recent.before();
        tokio::time::advance(RECALL).await;
        recent.remember(&before, &session, &user);
        assert_eq!(recent.find(session.id), None);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_given_where_nothing_may_be_recalled() {
        let recent = RecentSessions::new(Duration::ZERO);
        let (session, _) = remembered(&recent);
        assert_eq!(recent.find(session.id), None);
        assert!(recent.cache.is_empty());
    }

    #[test]
    fn a_change_of_the_session_its_user_or_everybody_is_noticed() {
        let changes: [fn(&mut Touched, &Session); 3] = [
            |touched, session| touched.session(session.id),
            |touched, session| touched.user(session.user_id),
            |touched, _| touched.everybody(),
        ];
        for change in changes {
            let recent = RecentSessions::new(RECALL);
            let (session, _) = remembered(&recent);
            let mut touched = Touched::default();
            recent.forget(&touched);
            assert!(recent.find(session.id).is_some(), "nothing was touched");
            change(&mut touched, &session);
            recent.forget(&touched);
            assert_eq!(recent.find(session.id), None);
        }
    }

    #[test]
    fn what_changes_while_it_is_read_is_not_remembered() {
        let recent = RecentSessions::new(RECALL);
        let (session, user) = somebody();
        let before = recent.before();
        let mut touched = Touched::default();
        touched.user(user.id);
        recent.forget(&touched);
        recent.remember(&before, &session, &user);
        assert_eq!(recent.find(session.id), None);
    }

    #[test]
    fn it_does_not_outgrow_its_bytes() {
        let recent = RecentSessions::new(RECALL);
        let (session, user) = somebody();
        for _ in 0..50_000 {
            let id = SessionId::generate(given::noon(), &OsRandom);
            recent.remember(&recent.before(), &Session { id, ..session.clone() }, &user);
        }
        assert!(recent.cache.weight() <= CAPACITY);
        assert!(recent.cache.len() > 10_000, "{}", recent.cache.len());
    }
}
