//! Counters of wrong passwords in the store.
//!
//! Addresses without an account are counted as well, so that a counter does not reveal an account.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::model::client::ClientNetwork;
use crate::model::email::EmailKey;

/// Counters of wrong passwords in a row, per address.
///
/// A unit that counts or resets must not delete the account of that address: on PostgreSQL two such
/// units could deadlock.
#[async_trait]
pub trait SignInFailureStore: Send {
    /// Counts a wrong password for an address from a network. Returns the number of them in a row from
    /// all networks, this one included.
    ///
    /// Of any number of concurrent units each is counted. The count of a network starts again if its
    /// last one was before `since`; the count of all networks continues.
    async fn count_failure(
        &mut self,
        address: &EmailKey,
        network: ClientNetwork,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<u32, StoreError>;

    /// Resets the count of an address from all networks together, and that of `network` if given.
    /// Returns the former count from all networks.
    ///
    /// The counts of other networks stay: a reset would reveal to an attacker that the user signed in.
    /// Until the unit ends, no other unit can count one that this result leaves out.
    async fn forget_failures(
        &mut self,
        address: &EmailKey,
        network: Option<ClientNetwork>,
    ) -> Result<u32, StoreError>;

    /// Deletes counts last changed before `before`: those of at most `limit` networks, and of at most
    /// `limit` addresses without an account. Returns `true` if there may be more.
    async fn purge_failures(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError>;
}
