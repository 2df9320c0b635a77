//! Wrong passwords in a row for one address.

use time::OffsetDateTime;

/// Number of wrong passwords for an address since the last successful sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureCount {
    /// From all networks together.
    pub total: u32,
    /// Recent ones from the network that was asked about.
    pub from_network: u32,
    /// Time of the latest of those.
    pub last_from_network: Option<OffsetDateTime>,
}
