//! Password resets.

use std::cmp::Reverse;

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::id::{ResetId, UserId};
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::ports::{ResetStore, StoreError};

use super::RedbUnit;
use crate::records::{Account, KeptReset, Request, hex};
use crate::shelves::Record as _;

#[async_trait]
impl ResetStore for RedbUnit {
    async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError> {
        self.shelves()?.put(&Request(request.clone()))
    }

    async fn take_reset_request(&mut self) -> Result<Option<ResetRequest>, StoreError> {
        let mut shelves = self.shelves()?;
        // Sorted by time of arrival.
        let oldest = shelves.all::<Request>()?.next().transpose()?;
        let Some(oldest) = oldest else { return Ok(None) };
        shelves.take::<Request>(&oldest.key())?;
        Ok(Some(oldest.0))
    }

    async fn recent_resets(
        &mut self,
        user: UserId,
        since: OffsetDateTime,
    ) -> Result<Vec<PasswordReset>, StoreError> {
        let kept = self.shelves()?.named_like::<KeptReset>(&KeptReset::all_of(user))?;
        let resets = kept.into_iter().map(|KeptReset(reset)| reset);
        let mut recent: Vec<_> = resets.filter(|reset| reset.issued_at >= since).collect();
        recent.sort_by_key(|reset| Reverse(reset.issued_at));
        Ok(recent)
    }

    async fn insert_reset(&mut self, reset: &PasswordReset) -> Result<bool, StoreError> {
        let mut shelves = self.shelves()?;
        if shelves.find::<Account>(&reset.user_id.to_string())?.is_none() {
            return Ok(false);
        }
        for mut earlier in shelves.named_like::<KeptReset>(&KeptReset::all_of(reset.user_id))? {
            earlier.supersede(reset.issued_at);
            shelves.put(&earlier)?;
        }
        shelves.put(&KeptReset(reset.clone()))?;
        Ok(true)
    }

    async fn spend_reset(
        &mut self,
        id: ResetId,
        now: OffsetDateTime,
    ) -> Result<Option<PasswordReset>, StoreError> {
        let mut shelves = self.shelves()?;
        let Some(KeptReset(mut reset)) = shelves.find(&hex(id.as_bytes()))? else {
            return Ok(None);
        };
        let owner: Option<Account> = shelves.find(&reset.user_id.to_string())?;
        if !owner.is_some_and(|owner| reset.is_live(&owner.user, now)) {
            return Ok(None);
        }
        reset.used_at = Some(now);
        shelves.put(&KeptReset(reset.clone()))?;
        Ok(Some(reset))
    }
}
