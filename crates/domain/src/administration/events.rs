//! What administrators see of what happened.

use super::Administration;
use crate::audit::AuditEvent;
use crate::authority::Authority;
use crate::error::Error;
use crate::id::{EventId, UserId};

impl Administration {
    /// Lists events, the newest first, from the one before `before`; those about one account if
    /// asked.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn events(
        &self,
        _by: &Authority,
        user: Option<UserId>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, Error> {
        Ok(self.ports.store.list_events(user, before, limit).await?)
    }
}
