//! Identifiers, with one type for each kind of thing.
//!
//! They are version 7 UUIDs (RFC 9562): creation time first, then random bits, so that an index
//! grows at one end. They are not secret.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::system::Random;

/// Creates a version 7 UUID from a time and ten random bytes.
pub(crate) fn version_7(now: OffsetDateTime, random: &dyn Random) -> Uuid {
    let mut bits = [0; 10];
    random.fill(&mut bits);
    let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
}

/// Returns the smallest version 7 UUID of a millisecond.
fn lowest_version_7(moment: OffsetDateTime) -> Uuid {
    let millis = u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Creates an identifier for something created at `now`.
            pub fn generate(now: OffsetDateTime, random: &dyn Random) -> Self {
                Self(version_7(now, random))
            }

            /// Returns a lower bound of all identifiers created at `moment` or later.
            pub fn earliest(moment: OffsetDateTime) -> Self {
                Self(lowest_version_7(moment))
            }

            /// Wraps an existing identifier.
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the UUID, for adapters that store or print it.
            pub fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// Identifies a user; never reused.
    UserId
}
id! {
    /// Identifies a session. Not secret, and not a credential.
    SessionId
}
id! {
    /// Identifies a mail in the outbox; also the left part of its `Message-ID`.
    MailId
}
id! {
    /// Identifies a reset request that waits for the worker.
    ResetRequestId
}
id! {
    /// Identifies an audit event.
    EventId
}
id! {
    /// Identifies a worker's claim on a mail, so that an expired claim is recognised.
    LeaseId
}

/// Identifies a password reset: 128 random bits, because guessing one is half of forging a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResetId([u8; 16]);

impl ResetId {
    /// Generates an identifier.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Returns the bytes, for the store and the token.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Wraps bytes from the store or a verified token.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::fixtures::CountingRandom;

    #[test]
    fn later_identifiers_sort_later() {
        let random = CountingRandom::default();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let earlier = UserId::generate(now, &random);
        let later = UserId::generate(now + Duration::milliseconds(1), &random);
        assert!(earlier < later);
        assert_eq!(earlier.as_uuid().get_version_num(), 7);
    }
}
