//! The audit log, for administrators.

use super::Administration;
use crate::error::Error;
use crate::model::audit::AuditEvent;
use crate::model::id::{EventId, UserId};
use crate::use_cases::admin_context::AdminContext;

impl Administration {
    /// Lists audit events before `before`, the newest first; of one account if given.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn events(
        &self,
        _by: &AdminContext,
        user: Option<UserId>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, Error> {
        Ok(self.ports.store.list_events(user, before, limit).await?)
    }
}
