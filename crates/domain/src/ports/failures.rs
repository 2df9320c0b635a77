//! Wrong passwords, counted per address that was tried.
//!
//! Addresses that belong to nobody are counted the same way, so that counting says nothing about
//! who has an account.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StoreError;
use crate::caller::ClientNetwork;
use crate::email::EmailKey;

/// Wrong passwords in a row.
///
/// A unit that counts or forgets does not delete the account of that address as well: on a server
/// two such units could wait for each other.
#[async_trait]
pub trait Failures: Send {
    /// Counts a wrong password for an address, from a network, and answers how many there are in a
    /// row from everywhere, this one included.
    ///
    /// Of any number of concurrent units each is counted. A network whose last one came before
    /// `since` has its own count begin anew; the count from everywhere goes on.
    async fn count_failure(
        &mut self,
        address: &EmailKey,
        network: ClientNetwork,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<u32, StoreError>;

    /// Forgets the wrong passwords for an address from everywhere together, and those of one network
    /// if it is named, and answers how many there were in all.
    ///
    /// What other networks did stays held against them: otherwise they could see that somebody knew
    /// the password. Until the unit ends, no other unit can count one that this answer leaves out.
    async fn forget_failures(
        &mut self,
        address: &EmailKey,
        network: Option<ClientNetwork>,
    ) -> Result<u32, StoreError>;

    /// Forgets what was last tried before `before`: the counts of at most `limit` networks, and of at
    /// most `limit` addresses that belong to no account. Answers whether there may be more.
    async fn purge_failures(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError>;
}
