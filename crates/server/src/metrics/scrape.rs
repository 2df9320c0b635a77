//! What there is at the moment somebody asks, and the door at which they ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use poem::endpoint::make;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, Request, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::Instant;
use vestibule_domain::census::Census;
use vestibule_domain::ports::{Clock as _, Store, SystemClock};
use vestibule_limits::FallbackLimiter;
use vestibule_passwords::Argon2Hasher;
use vestibule_storage::SeaStore;
use vestibule_tokens::{KeyDirectory, KeyState, PasetoAccessTokens};

use super::process::Process;
use super::{Metrics, Names};

/// Counting millions takes a while: it is not done more often than this.
const COUNT_EVERY: Duration = Duration::from_secs(10);
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Where it is looked up.
pub(crate) struct Sources {
    pub(crate) store: SeaStore,
    pub(crate) hasher: Arc<Argon2Hasher>,
    pub(crate) access_tokens: Arc<PasetoAccessTokens>,
    /// Limits that are shared with other nodes, if they are.
    pub(crate) shared_limits: Option<Arc<FallbackLimiter>>,
    pub(crate) keys: KeyDirectory,
}

/// What is at a moment.
pub(super) struct Moment {
    process: Process,
    /// When it was counted last, and what came of it.
    counted: Mutex<Option<(Instant, Option<Census>)>>,
    users: Gauge,
    sessions: Gauge,
    reset_requests: Gauge,
    outbox: Family<StateName, Gauge>,
    overdue: Gauge<f64, AtomicU64>,
    database_up: Gauge,
    connections: Family<StateName, Gauge>,
    hashes_running: Gauge,
    hashes_waiting: Gauge,
    caches: Family<Lookup, Counter>,
    limits_local: Gauge,
    key_age: Family<PurposeName, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateName {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lookup {
    cache: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PurposeName {
    purpose: &'static str,
}

impl Moment {
    pub(super) fn new(names: &mut Names) -> Self {
        let gauge = Gauge::default;
        Self {
            process: Process::new(names),
            counted: Mutex::default(),
            users: names.register("vestibule_users", "Accounts", gauge()),
            sessions: names.register(
                "vestibule_sessions",
                "Sessions within their absolute lifetime",
                gauge(),
            ),
            reset_requests: names.register(
                "vestibule_reset_requests_waiting",
                "Requests for a reset link that no worker has taken",
                gauge(),
            ),
            outbox: names.register(
                "vestibule_outbox_mails",
                "Mails in the outbox, by state: waiting",
                Family::default(),
            ),
            overdue: names.register(
                "vestibule_outbox_oldest_due_seconds",
                "For how long the mail that is due longest has been so; 0 while none is due",
                Gauge::default(),
            ),
            database_up: names.register(
                "vestibule_database_up",
                "1 when the database answers, and what is in it could be counted",
                gauge(),
            ),
            connections: names.register(
                "vestibule_database_connections",
                "Connections to the database, by state: used, idle",
                Family::default(),
            ),
            hashes_running: names.register(
                "vestibule_hashes_running",
                "Passwords that are being hashed",
                gauge(),
            ),
            hashes_waiting: names.register(
                "vestibule_hashes_waiting",
                "Passwords that wait for a hashing thread",
                gauge(),
            ),
            caches: names.register(
                "vestibule_cache_lookups",
                "Access tokens that had been verified, and sessions that had been read, a moment ago",
                Family::default(),
            ),
            limits_local: names.register(
                "vestibule_limits_local",
                "1 while limits that should be shared are counted by this node alone",
                gauge(),
            ),
            key_age: names.register(
                "vestibule_key_age_seconds",
                "Age of the key that signs or seals now, by purpose",
                Family::default(),
            ),
        }
    }

    async fn look(&self, sources: &Sources) {
        self.process.look();
        let now = SystemClock.now();
        self.count(sources, now).await;
        let connections = sources.store.connections();
        for (state, number) in [("used", connections.used), ("idle", connections.idle)] {
            self.connections.get_or_create(&StateName { state }).set(number.into());
        }
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.hashes_running.set(number(sources.hasher.in_flight()));
        self.hashes_waiting.set(number(sources.hasher.waiting()));
        let (tokens, sessions) =
            (sources.access_tokens.recognised(), sources.store.recalled_sessions());
        for (cache, hits, misses) in
            [("tokens", tokens.hits, tokens.misses), ("sessions", sessions.hits, sessions.misses)]
        {
            for (outcome, number) in [("hit", hits), ("miss", misses)] {
                let counter = self.caches.get_or_create(&Lookup { cache, outcome });
                counter.inner().store(number, Ordering::Relaxed);
            }
        }
        let is_local = sources.shared_limits.as_ref().is_some_and(|limits| !limits.is_shared());
        self.limits_local.set(is_local.into());
        self.look_at_keys(sources, now);
    }

    /// Counts what the database holds, unless it was counted a moment ago; whether it is there is
    /// asked every time.
    async fn count(&self, sources: &Sources, now: OffsetDateTime) {
        let is_up = sources.store.ping().await.is_ok();
        let mut counted = self.counted.lock().await;
        let is_fresh = counted.as_ref().is_some_and(|(at, _)| at.elapsed() < COUNT_EVERY);
        if is_up && !is_fresh {
            *counted = Some((Instant::now(), sources.store.count(now).await.ok()));
        }
        // A database that cannot count is not well either; old figures must not look like new ones.
        let census = counted.as_ref().and_then(|(_, census)| *census);
        self.database_up.set((is_up && census.is_some()).into());
        let Some(census) = census else { return };
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.users.set(number(census.users));
        self.sessions.set(number(census.sessions));
        self.reset_requests.set(number(census.reset_requests));
        let waiting = self.outbox.get_or_create(&StateName { state: "waiting" });
        waiting.set(number(census.waiting_mails));
        let overdue = census.due_since.map_or(0.0, |since| (now - since).as_seconds_f64());
        self.overdue.set(overdue.max(0.0));
    }

    fn look_at_keys(&self, sources: &Sources, now: OffsetDateTime) {
        // What is wrong with them, the process says elsewhere.
        let keys = sources.keys.list().unwrap_or_default();
        for key in keys.iter().filter(|key| key.state == KeyState::Active) {
            let age = self.key_age.get_or_create(&PurposeName { purpose: key.purpose.as_str() });
            age.set((now - key.created_at).whole_seconds());
        }
    }
}

/// Answers `GET /metrics`, and nothing else.
pub(crate) fn endpoint(metrics: Arc<Metrics>, sources: Sources) -> impl Endpoint + 'static {
    let sources = Arc::new(sources);
    make(move |request: Request| {
        let (metrics, sources) = (metrics.clone(), sources.clone());
        async move {
            if request.uri().path() != "/metrics" {
                return Ok(StatusCode::NOT_FOUND.into());
            }
            if !matches!(*request.method(), Method::GET | Method::HEAD) {
                return Ok(StatusCode::METHOD_NOT_ALLOWED.into());
            }
            metrics.moment.look(&sources).await;
            let mut text = String::new();
            encode(&mut text, &metrics.registry).map_err(poem::error::InternalServerError)?;
            Ok::<Response, poem::Error>(
                Response::builder().header(header::CONTENT_TYPE, CONTENT_TYPE).body(text),
            )
        }
    })
}
