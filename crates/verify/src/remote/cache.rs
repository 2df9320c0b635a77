//! Cache of the keys of the issuer.
//!
//! There is no permanent task. A caller that finds the keys too old starts a fetch, at most one at
//! a time, and other callers wait for it. So an idle service sends no requests, and the age of the
//! keys is still bounded when a token arrives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::RemoteError;
use super::documents::{DEADLINE, Documents, FetchError};
use super::pause::{Backoff, LONGEST};
use crate::keys::KeySet;

/// Path of the keys.
pub(super) const PATH: &str = "/.well-known/paseto-keys";

/// Maximum length of the response.
const MOST_BYTES: usize = 64 * 1024;

/// Age at which keys are refreshed in the background.
const KEYS_AGED: Duration = Duration::from_mins(4);

/// Age at which verification waits for newer keys.
///
/// A key that the issuer has retired is accepted for at most this long. If the issuer cannot be
/// reached it is accepted until 45 seconds after it can be reached again, if that is later, but
/// never for longer than [`KEYS_KEPT`].
pub const KEYS_STALE: Duration = Duration::from_mins(5);

/// Maximum age of keys while the issuer does not respond: a day, the longest lifetime of a token.
pub const KEYS_KEPT: Duration = Duration::from_hours(24);

/// Minimum time between successful fetches, regardless of arriving tokens.
///
/// Vestibule publishes a key five seconds before it signs with it. This is a second less, so that
/// a valid token is not rejected because keys were fetched just before.
pub const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(4);

/// Time after a failure in which calls with usable keys do not wait: until the next fetch has
/// failed too, if tokens arrive at least every five seconds.
const AWAY: Duration = LONGEST.saturating_add(DEADLINE).saturating_add(DEADLINE);

/// Cache of the keys of one issuer.
#[derive(Debug)]
pub(super) struct KeyCache {
    documents: Arc<dyn Documents>,
    url: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: Option<Known>,
    /// Closed when the current fetch ends.
    flight: Option<watch::Receiver<()>>,
    /// Earliest time of the next fetch.
    next_fetch: Option<Instant>,
    /// Error of the last fetch, if it failed.
    failure: Option<(Instant, Arc<FetchError>)>,
    backoff: Backoff,
}

#[derive(Clone, Debug)]
struct Known {
    keys: Arc<KeySet>,
    /// Start of the request; the keys are at least as new.
    asked_at: Instant,
}

/// Urgency of newer keys.
#[derive(PartialEq, Eq)]
enum Need {
    None,
    OnTheSide,
    AtOnce,
}

impl KeyCache {
    pub(super) fn new(documents: Arc<dyn Documents>, url: String) -> Self {
        Self { documents, url, state: Mutex::default() }
    }

    /// Returns the keys for a token that names `kid`. They contain it, or it is unknown.
    pub(super) async fn keys_for(self: &Arc<Self>, kid: &str) -> Result<Arc<KeySet>, RemoteError> {
        if let Some(mut flight) = self.board(kid) {
            // Nothing is ever sent: the channel closes when the fetch ends.
            let _ = flight.changed().await;
        }
        self.state().latest(Instant::now())
    }

    /// Returns the age of the keys.
    pub(super) fn age(&self) -> Option<Duration> {
        let state = self.state();
        state.usable(Instant::now()).map(|known| known.asked_at.elapsed())
    }

    /// Starts a fetch if needed and allowed, and returns the channel to wait for.
    fn board(self: &Arc<Self>, kid: &str) -> Option<watch::Receiver<()>> {
        let mut state = self.state();
        let now = Instant::now();
        let need = state.need(kid, now);
        if need == Need::None {
            return None;
        }
        if !state.is_flying() && state.next_fetch.is_none_or(|next| next <= now) {
            state.next_fetch = Some(now + UNKNOWN_KEY_PAUSE);
            state.flight = Some(self.take_off(now));
        }
        if need == Need::AtOnce && state.is_flying() { state.flight.clone() } else { None }
    }

    /// Fetches the keys in a task, so that a dropped caller does not cancel the fetch for others.
    #[expect(clippy::disallowed_methods, reason = "it ends by itself within five seconds")]
    fn take_off(self: &Arc<Self>, now: Instant) -> watch::Receiver<()> {
        let (over, flight) = watch::channel(());
        let cache = Arc::clone(self);
        tokio::spawn(async move {
            let outcome = cache.fetch().await;
            cache.state().land(now, outcome);
            drop(over);
        });
        flight
    }

    async fn fetch(&self) -> Result<KeySet, FetchError> {
        let document = self.documents.fetch(&self.url, MOST_BYTES).await?;
        Ok(KeySet::parse(document)?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_flying(&self) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.has_changed().is_ok())
    }

    fn usable(&self, now: Instant) -> Option<&Known> {
        self.known.as_ref().filter(|known| now.duration_since(known.asked_at) < KEYS_KEPT)
    }

    fn need(&self, kid: &str, now: Instant) -> Need {
        let Some(known) = self.usable(now) else {
            return Need::AtOnce;
        };
        let age = now.duration_since(known.asked_at);
        if known.keys.find(kid).is_none() || age >= KEYS_STALE && !self.is_away(now) {
            Need::AtOnce
        } else if age >= KEYS_AGED {
            Need::OnTheSide
        } else {
            Need::None
        }
    }

    /// Returns `true` if the issuer has just failed. Then calls with usable keys do not wait.
    fn is_away(&self, now: Instant) -> bool {
        self.failure.as_ref().is_some_and(|(at, _)| now.duration_since(*at) < AWAY)
    }

    fn land(&mut self, asked_at: Instant, outcome: Result<KeySet, FetchError>) {
        match outcome {
            Ok(keys) => {
                self.known = Some(Known { keys: Arc::new(keys), asked_at });
                self.failure = None;
                self.backoff.reset();
            }
            Err(cause) => {
                let now = Instant::now();
                self.failure = Some((now, Arc::new(cause)));
                self.next_fetch = Some(now + self.backoff.fail());
            }
        }
    }

    fn latest(&self, now: Instant) -> Result<Arc<KeySet>, RemoteError> {
        if let Some(known) = self.usable(now) {
            return Ok(Arc::clone(&known.keys));
        }
        let next = self.next_fetch.unwrap_or(now);
        let retry_after = next.saturating_duration_since(now).max(Duration::from_secs(1));
        let cause = self.failure.as_ref().map(|(_, cause)| Arc::clone(cause));
        Err(RemoteError::NoKeys { retry_after, cause })
    }
}

#[cfg(test)]
mod tests;
