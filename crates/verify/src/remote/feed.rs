//! Ended sessions, polled and stored until all of their tokens have expired.

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{self, Instant};
use uuid::Uuid;

use super::documents::{Documents, FetchError};
use super::pause::Backoff;
use crate::verifier::Rules;

/// Path of the list of ended sessions.
pub(super) const PATH: &str = "/api/v1/revocations";

/// Maximum number of stored ended sessions.
///
/// None is dropped early to make room: a response that does not fit is discarded, and
/// [`feed_age`](crate::RemoteVerifier::feed_age) grows.
pub const MOST_ENDED: usize = 200_000;

/// Maximum length of a response: about 25 000 sessions.
const MOST_BYTES: usize = 1024 * 1024;
/// Maximum length of a cursor, so that it fits into a URL.
const LONGEST_CURSOR: usize = 512;
/// Maximum number of pages read without a pause.
const MOST_PAGES: usize = 16;
/// Minimum polling interval.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// Ended sessions of one issuer.
#[derive(Debug)]
pub(super) struct Feed {
    documents: Arc<dyn Documents>,
    url: String,
    ended: RwLock<Ended>,
}

#[derive(Debug)]
struct Ended {
    sessions: HashSet<Uuid>,
    /// The same sessions, in the order in which they were received.
    heard: VecDeque<(Instant, Uuid)>,
    kept: Duration,
    most: usize,
    /// Start of the last successful request.
    asked_at: Option<Instant>,
}

/// A page of the list.
#[derive(Deserialize)]
struct Page {
    sessions: Vec<Uuid>,
    next: String,
    /// `true` if there are more pages.
    #[serde(default)]
    more: bool,
}

impl Feed {
    /// Creates a feed that stores a session for the longest lifetime of a token plus the clock
    /// skew, in case the local clock is behind.
    pub(super) fn new(documents: Arc<dyn Documents>, url: String, rules: &Rules) -> Self {
        let kept = rules.longest_life.saturating_add(rules.clock_skew.saturating_mul(2));
        Self { documents, url, ended: RwLock::new(Ended::new(kept, MOST_ENDED)) }
    }

    /// Returns `true` if a session is known to have ended.
    pub(super) fn has_ended(&self, session: Uuid) -> bool {
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        ended.sessions.contains(&session)
    }

    /// Returns the age of the list.
    pub(super) fn age(&self) -> Option<Duration> {
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        ended.asked_at.map(|at| at.elapsed())
    }

    /// Polls forever.
    pub(super) async fn follow(&self, interval: Duration) -> Infallible {
        let mut cursor = None;
        let mut backoff = Backoff::default();
        loop {
            let pause = match self.poll(&mut cursor).await {
                Ok(()) => {
                    backoff.reset();
                    interval.max(SHORTEST_INTERVAL)
                }
                Err(_) => backoff.fail(),
            };
            time::sleep(pause).await;
        }
    }

    /// Reads pages from the cursor, to the end or the limit.
    async fn poll(&self, cursor: &mut Option<String>) -> Result<(), FetchError> {
        for _ in 0..MOST_PAGES {
            let asked_at = Instant::now();
            let page = self.page(cursor).await?;
            let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
            ended.learn(&page.sessions, Instant::now())?;
            *cursor = Some(page.next).filter(|next| next.len() <= LONGEST_CURSOR);
            if !page.more {
                ended.asked_at = Some(asked_at);
                break;
            }
        }
        Ok(())
    }

    async fn page(&self, cursor: &mut Option<String>) -> Result<Page, FetchError> {
        let url = match cursor.as_deref() {
            Some(cursor) => format!("{}?since={}", self.url, escape(cursor)),
            None => self.url.clone(),
        };
        match self.documents.fetch(&url, MOST_BYTES).await {
            Ok(document) => serde_json::from_slice(&document).map_err(FetchError::Sessions),
            Err(cause) => {
                // The cursor may be invalid. Receiving a session twice is harmless.
                if matches!(cause, FetchError::Status(400 | 404 | 410 | 422)) {
                    *cursor = None;
                }
                Err(cause)
            }
        }
    }
}

impl Ended {
    fn new(kept: Duration, most: usize) -> Self {
        let (sessions, heard) = (HashSet::new(), VecDeque::new());
        Self { sessions, heard, kept, most, asked_at: None }
    }

    /// Stores all of the sessions or, if there is no room, none.
    fn learn(&mut self, sessions: &[Uuid], now: Instant) -> Result<(), FetchError> {
        self.forget(now);
        let new: HashSet<Uuid> =
            sessions.iter().copied().filter(|id| !self.sessions.contains(id)).collect();
        if new.len() > self.most - self.sessions.len() {
            return Err(FetchError::TooManySessions);
        }
        self.heard.extend(new.iter().map(|id| (now, *id)));
        self.sessions.extend(new);
        Ok(())
    }

    /// Drops the sessions whose tokens have all expired. A session gets no new tokens after its
    /// end, and it was received after its end.
    fn forget(&mut self, now: Instant) {
        while let Some((_, id)) =
            self.heard.pop_front_if(|(at, _)| now.duration_since(*at) >= self.kept)
        {
            self.sessions.remove(&id);
        }
    }
}

/// Percent-encodes a cursor for a query.
fn escape(cursor: &str) -> String {
    let mut escaped = String::with_capacity(cursor.len());
    for byte in cursor.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
