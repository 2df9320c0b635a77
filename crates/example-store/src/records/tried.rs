//! Wrong passwords, by the address they were tried for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use vestibule_domain::caller::ClientNetwork;
use vestibule_domain::failures::FailureCount;

use super::plain;
use crate::shelves::Record;

/// Wrong passwords for an address.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Tried {
    /// The address.
    pub(crate) address: String,
    /// From everywhere together.
    pub(crate) total: Count,
    /// From each network.
    pub(crate) by_network: BTreeMap<String, Count>,
}

/// So many wrong passwords, and when the last of them came.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Count {
    /// How many.
    pub(crate) failures: u32,
    /// When the last of them came.
    #[serde(with = "plain::option")]
    pub(crate) last: Option<OffsetDateTime>,
}

impl Tried {
    pub(crate) fn count(&self, network: ClientNetwork) -> FailureCount {
        let from_network = self.by_network.get(&network.to_string());
        FailureCount {
            total: self.total.failures,
            from_network: from_network.map_or(0, |count| count.failures),
            last_from_network: from_network.and_then(|count| count.last),
        }
    }
}

impl Count {
    pub(crate) fn raise(&mut self, now: OffsetDateTime) {
        self.failures += 1;
        self.last = self.last.max(Some(now));
    }

    pub(crate) fn ended_before(&self, moment: OffsetDateTime) -> bool {
        self.last.is_some_and(|last| last < moment)
    }
}

impl Record for Tried {
    const SHELF: &'static str = "tried";

    fn key(&self) -> String {
        self.address.clone()
    }
}
