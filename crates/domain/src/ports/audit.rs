//! The audit log in the store.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::model::audit::AuditEvent;

/// The audit log.
#[async_trait]
pub trait AuditStore: Send {
    /// Adds an event. It stays when its account is deleted.
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError>;

    /// Deletes at most `limit` events from before `before`. Returns `true` if there may be more.
    async fn purge_events(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError>;
}
