//! What of the service is watched, if anybody does.

use std::sync::Arc;

use poem::Endpoint;
use vestibule_domain::outbox::Delivery;
use vestibule_http::Observer;
use vestibule_limits::FallbackLimiter;
use vestibule_passwords::Argon2Hasher;
use vestibule_tokens::KeyDirectory;

use super::App;
use crate::metrics::{self, Metrics, Sources};

/// The metrics, and the adapters that they ask.
pub(super) struct Watched {
    pub(super) metrics: Option<Arc<Metrics>>,
    pub(super) hasher: Arc<Argon2Hasher>,
    pub(super) shared_limits: Option<Arc<FallbackLimiter>>,
}

impl Watched {
    pub(super) fn observer(&self) -> Option<Arc<dyn Observer>> {
        self.metrics.clone().map(|metrics| metrics as Arc<dyn Observer>)
    }
}

impl App {
    /// What hashes passwords.
    pub(crate) fn hasher(&self) -> &Argon2Hasher {
        &self.watched.hasher
    }

    /// Whether limits are shared at the moment; `None` if they are not meant to be.
    pub(crate) fn shares_limits(&self) -> Option<bool> {
        self.watched.shared_limits.as_ref().map(|limits| limits.is_shared())
    }

    /// What answers whoever asks for metrics; `None` if nobody is to.
    pub(crate) fn metrics_endpoint(&self) -> Option<impl Endpoint + 'static> {
        let metrics = self.watched.metrics.clone()?;
        let sources = Sources {
            store: self.store.clone(),
            hasher: self.watched.hasher.clone(),
            access_tokens: self.access_tokens.clone(),
            shared_limits: self.watched.shared_limits.clone(),
            keys: KeyDirectory::new(self.config.data_dir.join("keys")),
        };
        Some(metrics::endpoint(metrics, sources))
    }

    /// An attempt to send a mail has ended.
    pub(crate) fn note_mail(&self, delivery: &Delivery) {
        if let Some(metrics) = &self.watched.metrics {
            metrics.mail(delivery);
        }
    }

    /// Whether the worker can do its work.
    pub(crate) fn note_worker(&self, is_troubled: bool) {
        if let Some(metrics) = &self.watched.metrics {
            metrics.worker(is_troubled);
        }
    }
}
