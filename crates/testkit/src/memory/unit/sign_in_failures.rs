//! Wrong passwords.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::ports::{SignInFailureStore, StoreError};

use super::MemoryUnit;
use crate::memory::state::{Count, State};

#[async_trait]
impl SignInFailureStore for MemoryUnit {
    async fn count_failure(
        &mut self,
        address: &EmailKey,
        network: ClientNetwork,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<u32, StoreError> {
        let tried = self.state.failures.entry(address.clone()).or_default();
        tried.total.raise(now);
        let of_network = tried.by_network.entry(network).or_default();
        if of_network.last.is_some_and(|last| last < since) {
            *of_network = Count::default();
        }
        of_network.raise(now);
        Ok(tried.total.failures)
    }

    async fn forget_failures(
        &mut self,
        address: &EmailKey,
        network: Option<ClientNetwork>,
    ) -> Result<u32, StoreError> {
        let Some(tried) = self.state.failures.get_mut(address) else { return Ok(0) };
        if let Some(network) = network {
            tried.by_network.remove(&network);
        }
        Ok(std::mem::take(&mut tried.total).failures)
    }

    async fn purge_failures(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        let State { users, failures, .. } = &mut self.state;
        let mut quiet = 0;
        for tried in failures.values_mut() {
            tried.by_network.retain(|_, count| {
                let is_over = quiet < limit && count.last.is_some_and(|last| last < before);
                quiet += usize::from(is_over);
                !is_over
            });
        }
        let over: Vec<EmailKey> = failures
            .iter()
            .filter(|(_, tried)| tried.total.last.is_some_and(|last| last < before))
            .filter(|(address, _)| !users.values().any(|user| user.email.key() == *address))
            .map(|(address, _)| address.clone())
            .take(limit)
            .collect();
        for address in &over {
            failures.remove(address);
        }
        Ok(over.len() == limit || quiet == limit)
    }
}
