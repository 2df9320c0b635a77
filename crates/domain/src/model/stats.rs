//! Counts of stored things, for monitoring.

use time::OffsetDateTime;

/// Counts of stored things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Number of accounts.
    pub users: u64,
    /// Number of sessions within their absolute lifetime.
    pub sessions: u64,
    /// Number of reset requests that wait for a worker.
    pub reset_requests: u64,
    /// Number of mails that wait for delivery.
    pub waiting_mails: u64,
    /// Due time of the longest overdue mail; `None` if none is due.
    pub due_since: Option<OffsetDateTime>,
}
