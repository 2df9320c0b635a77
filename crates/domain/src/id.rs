//! Identifiers: one type per kind of thing, so that two of them cannot be exchanged by mistake.
//!
//! They are version 7 UUIDs (RFC 9562): creation time first, then random bits, so that an index on
//! them grows at one end. They are names, not secrets; secrets are made elsewhere.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::ports::Random;

/// Builds a version 7 UUID from a moment and ten random bytes.
pub(crate) fn version_7(now: OffsetDateTime, random: &dyn Random) -> Uuid {
    let mut bits = [0; 10];
    random.fill(&mut bits);
    let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
}

/// The first version 7 UUID of a millisecond.
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
            /// Makes a new identifier for something that comes into being at `now`.
            pub fn generate(now: OffsetDateTime, random: &dyn Random) -> Self {
                Self(version_7(now, random))
            }

            /// What no identifier of something that came into being at `moment` or later comes
            /// before. Names nothing.
            pub fn earliest(moment: OffsetDateTime) -> Self {
                Self(lowest_version_7(moment))
            }

            /// Wraps an identifier that was made earlier.
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, for adapters that store or print it.
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
    /// Names a user for ever; never reused.
    UserId
}
id! {
    /// Names a session. Public knowledge: possession of it proves nothing.
    SessionId
}
id! {
    /// Names a mail in the outbox; also the left half of its `Message-ID`.
    MailId
}
id! {
    /// Names a request for a reset link that nobody has looked at yet.
    ResetRequestId
}
id! {
    /// Names an event of the audit record.
    EventId
}
id! {
    /// Names one claim of a worker on a mail, so that a worker that comes too late is recognised.
    LeaseId
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::ports::mocks::CountingRandom;

    #[test]
    fn identifiers_made_later_sort_later() {
        let random = CountingRandom::default();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let earlier = UserId::generate(now, &random);
        let later = UserId::generate(now + Duration::milliseconds(1), &random);
        assert!(earlier < later);
        assert_eq!(earlier.as_uuid().get_version_num(), 7);
    }
}
