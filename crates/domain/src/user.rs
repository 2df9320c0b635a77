//! Users: who they are, and the counter that ends everything issued to them before.

use icu_casemap::CaseMapper;
use time::OffsetDateTime;

use crate::email::EmailAddress;
use crate::id::UserId;
use crate::language::Language;
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
    /// The language mails are written in; nobody has chosen one if there is none.
    pub language: Option<Language>,
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
            language: None,
            epoch: CredentialEpoch::FIRST,
            created_at: now,
        }
    }
}

/// Which users are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only administrators.
    pub admins_only: bool,
    /// Only users whose address or name contains this, without regard to case.
    pub text: Option<String>,
}

impl UserFilter {
    /// Everybody whose address or name contains `text`; everybody at all if it is blank.
    pub fn containing(text: &str) -> Self {
        // As the keys it is compared with are made; a database keeps no control characters.
        let printable: String = text.trim().chars().filter(|c| !c.is_control()).collect();
        let text = CaseMapper::new().fold_string(&printable).into_owned();
        Self { admins_only: false, text: (!text.is_empty()).then_some(text) }
    }

    /// Administrators.
    pub fn admins() -> Self {
        Self { admins_only: true, text: None }
    }

    /// Whether a user is wanted.
    pub fn accepts(&self, user: &User) -> bool {
        let found = |text: &String| {
            user.email.key().as_str().contains(text) || user.username.key().contains(text)
        };
        (user.is_admin || !self.admins_only) && self.text.as_ref().is_none_or(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::mocks::a_user;

    #[test]
    fn a_text_is_found_in_address_and_name_without_regard_to_case() {
        let user = a_user();
        for text in ["", " ", "ANNA", "example.COM", "nna@ex", "an\0na"] {
            assert!(UserFilter::containing(text).accepts(&user), "{text:?}");
        }
        assert!(!UserFilter::containing("ben").accepts(&user));
        assert!(!UserFilter::admins().accepts(&user));
        let email = EmailAddress::parse("straße@example.com").unwrap();
        let street = User { email, ..a_user() };
        assert!(UserFilter::containing("STRASSE").accepts(&street));
        assert!(UserFilter::containing("straße").accepts(&street));
    }
}
