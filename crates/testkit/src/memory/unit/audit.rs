//! The record of what happened.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::audit::AuditEvent;
use vestibule_domain::ports::{AuditStore, StoreError};

use super::MemoryUnit;

#[async_trait]
impl AuditStore for MemoryUnit {
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        self.state.events.insert(event.id, event.clone());
        Ok(())
    }

    async fn purge_events(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        let events = self.state.events.values();
        let over: Vec<_> = events.filter(|e| e.at < before).map(|e| e.id).take(limit).collect();
        for id in &over {
            self.state.events.remove(id);
        }
        Ok(over.len() == limit)
    }
}
