//! Failed sign-ins per email.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::model::sign_in_failures::FailureCount;

use super::plain;
use crate::shelves::Record;

/// Failed sign-ins for an email.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Tried {
    /// The email.
    pub(crate) address: String,
    /// Failures from all networks.
    pub(crate) total: Count,
    /// Failures per network.
    pub(crate) by_network: BTreeMap<String, Count>,
}

/// A number of failures and the time of the last one.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Count {
    /// Number of failures.
    pub(crate) failures: u32,
    /// Time of the last failure.
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
