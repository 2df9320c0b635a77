//! Gauges that are read at each scrape, and the endpoint `/metrics`.

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
use vestibule_domain::model::stats::Stats;
use vestibule_domain::ports::{Clock as _, Store, SystemClock};
use vestibule_limits::FallbackLimiter;
use vestibule_passwords::Argon2Hasher;
use vestibule_storage::SeaStore;
use vestibule_tokens::{KeyDirectory, KeyState, PasetoAccessTokens};

use super::process::Process;
use super::{Metrics, Names};

/// Minimum interval between counts of rows, which are slow on large tables.
const COUNT_EVERY: Duration = Duration::from_secs(10);
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Sources of the gauges.
pub(crate) struct Sources {
    pub(crate) store: SeaStore,
    pub(crate) hasher: Arc<Argon2Hasher>,
    pub(crate) access_tokens: Arc<PasetoAccessTokens>,
    /// The shared limiter, if Redis is configured.
    pub(crate) shared_limits: Option<Arc<FallbackLimiter>>,
    pub(crate) keys: KeyDirectory,
}

/// The gauges.
pub(super) struct Moment {
    process: Process,
    /// Time and result of the latest count.
    counted: Mutex<Option<(Instant, Option<Stats>)>>,
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
                "Reset requests that wait for a worker",
                gauge(),
            ),
            outbox: names.register(
                "vestibule_outbox_mails",
                "Mails in the outbox, by state: waiting",
                Family::default(),
            ),
            overdue: names.register(
                "vestibule_outbox_oldest_due_seconds",
                "Seconds since the longest overdue mail became due; 0 if none is due",
                Gauge::default(),
            ),
            database_up: names.register(
                "vestibule_database_up",
                "1 if the database is available and its rows could be counted",
                gauge(),
            ),
            connections: names.register(
                "vestibule_database_connections",
                "Connections to the database, by state: used, idle",
                Family::default(),
            ),
            hashes_running: names.register(
                "vestibule_hashes_running",
                "Running password hashes",
                gauge(),
            ),
            hashes_waiting: names.register(
                "vestibule_hashes_waiting",
                "Queued password hashes",
                gauge(),
            ),
            caches: names.register(
                "vestibule_cache_lookups",
                "Lookups in the caches of verified access tokens and of sessions",
                Family::default(),
            ),
            limits_local: names.register(
                "vestibule_limits_local",
                "1 while Redis is unavailable and limits are local to this node",
                gauge(),
            ),
            key_age: names.register(
                "vestibule_key_age_seconds",
                "Age of the current key, by purpose",
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
            (sources.access_tokens.cache_stats(), sources.store.session_cache_usage());
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

    /// Counts rows, unless that was done recently; checks each time that the database is available.
    async fn count(&self, sources: &Sources, now: OffsetDateTime) {
        let is_up = sources.store.ping().await.is_ok();
        let mut counted = self.counted.lock().await;
        let is_fresh = counted.as_ref().is_some_and(|(at, _)| at.elapsed() < COUNT_EVERY);
        if is_up && !is_fresh {
            *counted = Some((Instant::now(), sources.store.count(now).await.ok()));
        }
        // An error of the count also means that the database is not healthy; do not report old values.
        let stats = counted.as_ref().and_then(|(_, stats)| *stats);
        self.database_up.set((is_up && stats.is_some()).into());
        let Some(stats) = stats else { return };
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.users.set(number(stats.users));
        self.sessions.set(number(stats.sessions));
        self.reset_requests.set(number(stats.reset_requests));
        let waiting = self.outbox.get_or_create(&StateName { state: "waiting" });
        waiting.set(number(stats.waiting_mails));
        let overdue = stats.due_since.map_or(0.0, |since| (now - since).as_seconds_f64());
        self.overdue.set(overdue.max(0.0));
    }

    fn look_at_keys(&self, sources: &Sources, now: OffsetDateTime) {
        // Errors of the keys are logged elsewhere.
        let keys = sources.keys.list().unwrap_or_default();
        for key in keys.iter().filter(|key| key.state == KeyState::Active) {
            let age = self.key_age.get_or_create(&PurposeName { purpose: key.purpose.as_str() });
            age.set((now - key.created_at).whole_seconds());
        }
    }
}

/// Handles `GET /metrics`.
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
