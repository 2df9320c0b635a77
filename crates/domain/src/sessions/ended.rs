//! Which sessions have ended lately: for services that verify access tokens by themselves.
//!
//! A reader comes again and again, each time with the place where it stopped. It is told of some
//! sessions twice, and of none too late: commits come in no order that a clock knows, so the last
//! minute is told again.

use time::{Duration, OffsetDateTime};

use super::Sessions;
use crate::error::Error;
use crate::id::SessionId;
use crate::session::EndedSession;

/// How many sessions are told at a time.
const PAGE: u32 = 5000;
/// Longer than a unit of a node takes, and than clocks of nodes are apart.
const AGAIN: Duration = Duration::MINUTE;

/// A part of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSessions {
    /// Sessions no token of which is good any more.
    pub ids: Vec<SessionId>,
    /// Where the list goes on.
    pub next: EndedSession,
    /// Whether it goes on at once.
    pub more: bool,
}

impl Sessions {
    /// The sessions that have ended after that place; without one, within the lifetime of an access
    /// token. Nothing older is told: such tokens have expired.
    ///
    /// # Errors
    /// `NotFound` when the policy does not tell; `Unavailable`, `Internal`.
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
                // Whoever signed in while the password was changed has a token, and was never in.
                let since = now - 2 * AGAIN;
                ids.extend(store.list_overtaken_sessions(since, PAGE).await?);
                // Wherever the reader stands: a later commit may tell of an earlier moment.
                place(now - AGAIN)
            }
        };
        Ok(EndedSessions { ids, next, more })
    }
}

/// The first place of a moment.
fn place(moment: OffsetDateTime) -> EndedSession {
    EndedSession { ended_at: moment, id: SessionId::earliest(OffsetDateTime::UNIX_EPOCH) }
}
