//! How much there is: for whoever watches an installation.

use time::OffsetDateTime;

/// What the store holds, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Accounts.
    pub users: u64,
    /// Sessions whose absolute lifetime has not ended.
    pub sessions: u64,
    /// Requests for a reset link that no worker has taken.
    pub reset_requests: u64,
    /// Mails that wait for their next attempt.
    pub waiting_mails: u64,
    /// When the mail that is due longest became so; `None` while none is due.
    pub due_since: Option<OffsetDateTime>,
}
