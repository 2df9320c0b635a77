//! The audit log.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::audit::AuditEvent;
use vestibule_domain::ports::{AuditStore, StoreError};

use super::RedbUnit;
use crate::at_most;
use crate::records::Noted;

#[async_trait]
impl AuditStore for RedbUnit {
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        self.shelves()?.put(&Noted(event.clone()))
    }

    async fn purge_events(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let over = self.clear(at_most(limit), |Noted(event)| event.at < before)?;
        Ok(over.len() == at_most(limit))
    }
}
