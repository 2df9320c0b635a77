//! Users, and the credentials version that invalidates their older sessions and links.

use icu_casemap::CaseMapper;
use time::OffsetDateTime;

use crate::model::email::EmailAddress;
use crate::model::id::UserId;
use crate::model::language::Language;
use crate::model::username::Username;

/// A user's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Identifies the user.
    pub id: UserId,
    /// The address for mail, and the key that identifies the account.
    pub email: EmailAddress,
    /// The username.
    pub username: Username,
    /// `true` if the user may sign in. Inactive accounts keep their data.
    pub is_active: bool,
    /// `true` for administrators.
    pub is_admin: bool,
    /// The language of mails; `None` if none was chosen.
    pub language: Option<Language>,
    /// The current credentials version.
    pub credentials_version: CredentialsVersion,
    /// Time of creation, in UTC, to the microsecond.
    pub created_at: OffsetDateTime,
}

/// A counter of an account, increased by each change of its credentials.
///
/// Sessions and reset links contain the version at their creation and are invalid under any other,
/// so one increment invalidates all of them, even those that a concurrent request writes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialsVersion(i64);

impl CredentialsVersion {
    /// The version of a new account.
    pub const FIRST: Self = Self(1);

    /// Returns the next version.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the number, for the store.
    pub fn as_i64(self) -> i64 {
        self.0
    }

    /// Wraps a number from the store.
    pub fn from_stored(number: i64) -> Self {
        Self(number)
    }
}

impl User {
    /// Creates an active account that is not an administrator.
    pub fn new(id: UserId, email: EmailAddress, username: Username, now: OffsetDateTime) -> Self {
        Self {
            id,
            email,
            username,
            is_active: true,
            is_admin: false,
            language: None,
            credentials_version: CredentialsVersion::FIRST,
            created_at: now,
        }
    }
}

/// A filter for lists of users.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// If `true`, only administrators.
    pub admins_only: bool,
    /// If set, only users whose address or username contains this text, ignoring case.
    pub text: Option<String>,
}

impl UserFilter {
    /// Creates a filter for users whose address or username contains `text`; all users if it is blank.
    pub fn containing(text: &str) -> Self {
        // Normalised as the keys it is compared with; stored texts contain no control characters.
        let printable: String = text.trim().chars().filter(|c| !c.is_control()).collect();
        let text = CaseMapper::new().fold_string(&printable).into_owned();
        Self { admins_only: false, text: (!text.is_empty()).then_some(text) }
    }

    /// Creates a filter for administrators.
    pub fn admins() -> Self {
        Self { admins_only: true, text: None }
    }

    /// Returns `true` if a user passes the filter.
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
    use crate::fixtures::a_user;

    #[test]
    fn a_filter_matches_address_and_username_ignoring_case() {
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
