//! Usernames: 3 to 32 of `A-Z a-z 0-9 . _ -`, unique ignoring case.

use crate::model::email::EmailAddress;

/// A username, chosen by the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// The reason why a text is not a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Shorter than 3 or longer than 32 characters.
    #[error("a username has 3 to 32 characters")]
    Length,
    /// A character outside `A-Z a-z 0-9 . _ -`.
    #[error("a username consists of letters, digits, dot, underscore and hyphen")]
    Characters,
}

impl Username {
    /// Parses a username.
    ///
    /// # Errors
    /// [`UsernameError`] for the broken rule.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
            return Err(UsernameError::Characters);
        }
        if !(3..=32).contains(&text.len()) {
            return Err(UsernameError::Length);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the characters of an address that a username may have; the result may be too short.
    pub fn stem(email: &EmailAddress) -> String {
        let allowed = |c: &char| c.is_ascii_alphanumeric() || "._-".contains(*c);
        email.local_part().chars().filter(allowed).take(32).collect()
    }

    /// Returns the username as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key that decides if two usernames are the same.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_hold() {
        for good in ["abc", "Anna.B_c-9", &"a".repeat(32)] {
            assert!(Username::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", UsernameError::Length),
            ("ab", UsernameError::Length),
            (&"a".repeat(33), UsernameError::Length),
            ("a b", UsernameError::Characters),
            ("änna", UsernameError::Characters),
            ("a\0b", UsernameError::Characters),
            (" abc", UsernameError::Characters),
        ] {
            assert_eq!(Username::parse(bad), Err(why), "{bad:?}");
        }
        assert_eq!(Username::parse("Anna").unwrap().key(), "anna");
    }
}
