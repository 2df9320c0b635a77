//! The record of what happened.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::audit::AuditEvent;

/// The record of what happened.
#[async_trait]
pub trait Audit: Send {
    /// Adds an event. It stays when its account is deleted.
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError>;

    /// Deletes at most `limit` events from before `before`, and answers whether there may be more.
    async fn purge_events(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError>;
}
