//! The adapters that report metrics.

use std::sync::Arc;

use poem::Endpoint;
use vestibule_domain::use_cases::outbox::Delivery;
use vestibule_http::Observer;
use vestibule_limits::FallbackLimiter;
use vestibule_passwords::Argon2Hasher;
use vestibule_tokens::KeyDirectory;

use super::App;
use crate::metrics::{self, Metrics, Sources};

/// The metrics, and the adapters they are collected from.
pub(super) struct Observability {
    pub(super) metrics: Option<Arc<Metrics>>,
    pub(super) hasher: Arc<Argon2Hasher>,
    pub(super) shared_limits: Option<Arc<FallbackLimiter>>,
}

impl Observability {
    pub(super) fn observer(&self) -> Option<Arc<dyn Observer>> {
        self.metrics.clone().map(|metrics| metrics as Arc<dyn Observer>)
    }
}

impl App {
    /// The password hasher.
    pub(crate) fn hasher(&self) -> &Argon2Hasher {
        &self.observability.hasher
    }

    /// Returns `true` if limits are shared now; `None` without Redis.
    pub(crate) fn shares_limits(&self) -> Option<bool> {
        self.observability.shared_limits.as_ref().map(|limits| limits.is_shared())
    }

    /// Returns the metrics endpoint; `None` if metrics are off.
    pub(crate) fn metrics_endpoint(&self) -> Option<impl Endpoint + 'static> {
        let metrics = self.observability.metrics.clone()?;
        let sources = Sources {
            store: self.store.clone(),
            hasher: self.observability.hasher.clone(),
            access_tokens: self.access_tokens.clone(),
            shared_limits: self.observability.shared_limits.clone(),
            keys: KeyDirectory::new(self.config.data_dir.join("keys")),
        };
        Some(metrics::endpoint(metrics, sources))
    }

    /// Counts a delivery attempt.
    pub(crate) fn count_delivery(&self, delivery: &Delivery) {
        if let Some(metrics) = &self.observability.metrics {
            metrics.mail(delivery);
        }
    }

    /// Sets if the worker can reach the database.
    pub(crate) fn set_worker_state(&self, is_troubled: bool) {
        if let Some(metrics) = &self.observability.metrics {
            metrics.worker(is_troubled);
        }
    }
}
