//! Users: who they are, and the counter that ends everything issued to them before.

use time::OffsetDateTime;

use crate::email::EmailAddress;
use crate::id::UserId;
use crate::username::Username;

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Names the account for ever.
    pub id: UserId,
    /// Where mail goes, and the key that identifies the account.
    pub email: EmailAddress,
    /// The chosen name.
    pub username: Username,
    /// Whether the account may sign in. Inactive accounts keep their data.
    pub is_active: bool,
    /// Whether the account may administer others.
    pub is_admin: bool,
    /// The generation of the account's credentials.
    pub epoch: CredentialEpoch,
    /// When the account came into being, UTC, to the microsecond.
    pub created_at: OffsetDateTime,
}

/// The generation of an account's credentials.
///
/// Sessions and reset links carry the epoch they were born under and are dead under any other, so
/// one increment ends them all, however late a concurrent request writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialEpoch(i64);

impl CredentialEpoch {
    /// The epoch of a new account.
    pub const FIRST: Self = Self(1);

    /// The epoch after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The bare number, for the store.
    pub fn as_i64(self) -> i64 {
        self.0
    }

    /// Takes a number from the store.
    pub fn from_stored(number: i64) -> Self {
        Self(number)
    }
}

impl User {
    /// An active account without rights over others.
    pub fn new(id: UserId, email: EmailAddress, username: Username, now: OffsetDateTime) -> Self {
        Self {
            id,
            email,
            username,
            is_active: true,
            is_admin: false,
            epoch: CredentialEpoch::FIRST,
            created_at: now,
        }
    }
}
