//! Prometheus metrics, served on `metrics.listen`.
//!
//! [`observed_ports`] wraps ports to count events. [`scrape`] reads gauges, such as the outbox, at each
//! scrape. A test compares the names here with the alerts and dashboard in `docs/operations/`.

mod observed_ports;
mod process;
mod scrape;

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use vestibule_domain::model::mail::MailFate;
use vestibule_domain::ports::{Ports, RateLimiter};
use vestibule_domain::use_cases::outbox::Delivery;
use vestibule_http::{Answered, Observer};

use self::scrape::Moment;
pub(crate) use self::scrape::{Sources, endpoint};

/// Buckets for request durations, from a cached token to a timeout.
const ANSWERS: [f64; 12] =
    [0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Buckets for hash durations, from a cheap hash to the longest wait and the most expensive hash.
const HASHES: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// All counters and histograms.
pub(crate) struct Metrics {
    registry: Registry,
    answers: Family<Operation, Counter>,
    durations: Family<OperationName, Histogram, fn() -> Histogram>,
    hashes: Hashes,
    limits: Family<Limited, Counter>,
    mails: Family<Outcome, Counter>,
    worker_troubled: Gauge,
    moment: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationName {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limited {
    action: &'static str,
    decision: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// Metrics of password hashing.
#[derive(Clone)]
struct Hashes {
    outcomes: Family<Outcome, Counter>,
    durations: Histogram,
}

/// Registers metrics with their names.
struct Names(Registry);

impl Names {
    /// Registers a metric by its name without unit and `_total`, which the format adds.
    fn register<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }
}

impl Metrics {
    /// Creates all metrics at zero.
    pub(crate) fn new() -> Self {
        let mut names = Names(Registry::default());
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let about = "Version of the running binary; always 1";
        let info = names.register("vestibule_build_info", about, Family::<_, Gauge>::default());
        info.get_or_create(&version.to_vec()).set(1);
        let durations: fn() -> Histogram = || Histogram::new(ANSWERS);
        Self {
            answers: names.register(
                "vestibule_http_requests",
                "Answered requests, by operation and status",
                Family::default(),
            ),
            durations: names.register(
                "vestibule_http_request_duration_seconds",
                "Duration from request head to response head, by operation",
                Family::new_with_constructor(durations),
            ),
            hashes: Hashes {
                outcomes: names.register(
                    "vestibule_hashes",
                    "Passwords that were hashed or compared, by outcome: done, busy when too many \
                     waited, failed",
                    Family::default(),
                ),
                durations: names.register(
                    "vestibule_hash_duration_seconds",
                    "Duration of a hash, including the wait",
                    Histogram::new(HASHES),
                ),
            },
            limits: names.register(
                "vestibule_limit_decisions",
                "Attempts, by action, that were admitted or refused; one attempt may be counted for \
                 a network, a site and an account",
                Family::default(),
            ),
            mails: names.register(
                "vestibule_mails",
                "Attempts to send a mail, by outcome: sent, retry, failed, withdrawn",
                Family::default(),
            ),
            worker_troubled: names.register(
                "vestibule_worker_troubled",
                "1 while the worker cannot use the database or the mailer",
                Gauge::default(),
            ),
            moment: Moment::new(&mut names),
            registry: names.0,
        }
    }

    /// Wraps the observed ports.
    pub(crate) fn watch(&self, ports: &mut Ports) {
        ports.hasher =
            Arc::new(observed_ports::Hasher::new(ports.hasher.clone(), self.hashes.clone()));
        let limiter: Arc<dyn RateLimiter> = ports.limiter.clone();
        ports.limiter = Arc::new(observed_ports::Limiter::new(limiter, self.limits.clone()));
    }

    /// Counts a delivery attempt.
    pub(crate) fn mail(&self, delivery: &Delivery) {
        if let Some(outcome) = outcome_of(delivery) {
            self.mails.get_or_create(&Outcome { outcome }).inc();
        }
    }

    /// Sets if the worker can reach the database.
    pub(crate) fn worker(&self, is_troubled: bool) {
        self.worker_troubled.set(is_troubled.into());
    }
}

/// Returns the label of a delivery result; `None` if the mail was left to another worker.
pub(crate) fn outcome_of(delivery: &Delivery) -> Option<&'static str> {
    match delivery {
        Delivery::Settled(MailFate::Sent) => Some("sent"),
        Delivery::Settled(MailFate::Retry { .. }) => Some("retry"),
        Delivery::Settled(MailFate::Failed { .. }) => Some("failed"),
        Delivery::Settled(MailFate::Withdrawn) => Some("withdrawn"),
        Delivery::LeftToOthers => None,
    }
}

impl Observer for Metrics {
    fn answered(&self, answer: &Answered) {
        let Answered { operation, status, duration } = *answer;
        self.answers.get_or_create(&Operation { operation, status }).inc();
        let durations = self.durations.get_or_create(&OperationName { operation });
        durations.observe(duration.as_secs_f64());
    }
}

impl Hashes {
    fn count(&self, outcome: &'static str, duration: Duration) {
        self.outcomes.get_or_create(&Outcome { outcome }).inc();
        self.durations.observe(duration.as_secs_f64());
    }
}
