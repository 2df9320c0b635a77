//! Failed sign-ins per email.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::ports::{SignInFailureStore, StoreError};

use super::RedbUnit;
use crate::at_most;
use crate::records::{Account, Count, Tried};
use crate::shelves::Record as _;

#[async_trait]
impl SignInFailureStore for RedbUnit {
    async fn count_failure(
        &mut self,
        address: &EmailKey,
        network: ClientNetwork,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<u32, StoreError> {
        let mut shelves = self.shelves()?;
        let mut tried: Tried = shelves.find(address.as_str())?.unwrap_or_default();
        address.as_str().clone_into(&mut tried.address);
        tried.total.raise(now);
        let from_network = tried.by_network.entry(network.to_string()).or_default();
        if from_network.ended_before(since) {
            *from_network = Count::default();
        }
        from_network.raise(now);
        shelves.put(&tried)?;
        Ok(tried.total.failures)
    }

    async fn forget_failures(
        &mut self,
        address: &EmailKey,
        network: Option<ClientNetwork>,
    ) -> Result<u32, StoreError> {
        let mut shelves = self.shelves()?;
        let Some(mut tried) = shelves.find::<Tried>(address.as_str())? else { return Ok(0) };
        if let Some(network) = network {
            tried.by_network.remove(&network.to_string());
        }
        let total = std::mem::take(&mut tried.total);
        shelves.put(&tried)?;
        Ok(total.failures)
    }

    async fn purge_failures(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let limit = at_most(limit);
        let (mut networks, mut strangers) = (0, 0);
        let mut shelves = self.shelves()?;
        let all = shelves.all::<Tried>()?.collect::<Result<Vec<_>, _>>()?;
        for mut tried in all {
            let networks_before = tried.by_network.len();
            tried.by_network.retain(|_, count| {
                let is_over = networks < limit && count.ended_before(before);
                networks += usize::from(is_over);
                !is_over
            });
            let address = EmailKey::from_stored(tried.key());
            // The count may have been deleted meanwhile.
            let is_over = tried.total.last.is_none() || tried.total.ended_before(before);
            if is_over
                && tried.by_network.is_empty()
                && strangers < limit
                && shelves.named::<Account>(&Account::by_email(&address))?.is_none()
            {
                shelves.take::<Tried>(&tried.key())?;
                strangers += 1;
            } else if tried.by_network.len() < networks_before {
                shelves.put(&tried)?;
            }
        }
        Ok(networks == limit || strangers == limit)
    }
}
