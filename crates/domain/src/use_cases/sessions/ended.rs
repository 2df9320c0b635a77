//! The list of recently ended sessions, for services that verify access tokens themselves.
//!
//! A reader polls with the cursor of its last page. The last minute is returned again each time,
//! because commits are not ordered by time, so an entry may appear twice but is never missed.

use time::{Duration, OffsetDateTime};

use super::Sessions;
use crate::error::Error;
use crate::model::id::SessionId;
use crate::model::session::EndedSession;

/// Number of sessions per page.
const PAGE: u32 = 5000;
/// Longer than a unit of work takes, and than the clocks of nodes differ.
const AGAIN: Duration = Duration::MINUTE;

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSessions {
    /// Ended sessions, whose tokens are invalid.
    pub ids: Vec<SessionId>,
    /// The cursor of the next page.
    pub next: EndedSession,
    /// `true` if the next page is available now.
    pub more: bool,
}

impl Sessions {
    /// Returns the sessions that ended after a cursor; without one, within the lifetime of an access
    /// token, because the tokens of older ones have expired.
    ///
    /// # Errors
    /// `NotFound` if the list is disabled; `Unavailable`, `Internal`.
    pub async fn ended(&self, after: Option<EndedSession>) -> Result<EndedSessions, Error> {
        if !self.policy.sessions.tells_ended {
            return Err(Error::NotFound);
        }
        let now = self.ports.clock.now();
        let oldest = place(now - self.policy.sessions.access_ttl - 2 * AGAIN);
        let after = after.map_or(oldest, |after| after.max(oldest));
        let store = &self.ports.store;
        let ended = store.list_ended_sessions(after, PAGE).await?;
        let more = u32::try_from(ended.len()).is_ok_and(|found| found == PAGE);
        let mut ids: Vec<SessionId> = ended.iter().map(|ended| ended.id).collect();
        let next = match ended.last() {
            Some(last) if more => *last,
            _ => {
                // A sign-in during a change of password got a token, but its session was never valid.
                let since = now - 2 * AGAIN;
                ids.extend(store.list_overtaken_sessions(since, PAGE).await?);
                // For each cursor, because a later commit may have an earlier time.
                place(now - AGAIN)
            }
        };
        Ok(EndedSessions { ids, next, more })
    }
}

/// Returns the first cursor of a time.
fn place(moment: OffsetDateTime) -> EndedSession {
    EndedSession { ended_at: moment, id: SessionId::earliest(OffsetDateTime::UNIX_EPOCH) }
}
