//! What is typed into forms, made into domain values; everything that is wrong is told at once.

use vestibule_domain::email::EmailAddress;
use vestibule_domain::error::Rule;
use vestibule_domain::password::Password;
use vestibule_domain::username::Username;

use crate::views::{FieldError, Mistake, field};

/// Reads the fields of one form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    errors: Vec<FieldError>,
}

impl Fields {
    /// Passes a value on, or notes why there is none.
    pub(crate) fn check<T, E: Into<Rule>>(
        &mut self,
        place: &'static str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed.map_err(|error| self.errors.push(FieldError::of_rule(place, error.into()))).ok()
    }

    /// Notes that something is wrong with a field.
    pub(crate) fn refuse(&mut self, place: &'static str, mistake: Mistake) {
        self.errors.push(FieldError::new(place, mistake));
    }

    /// Notes something that was found out elsewhere.
    pub(crate) fn note(&mut self, error: FieldError) {
        self.errors.push(error);
    }

    pub(crate) fn email(&mut self, text: &str) -> Option<EmailAddress> {
        self.check(field::EMAIL, EmailAddress::parse(text))
    }

    pub(crate) fn username(&mut self, text: &str) -> Option<Username> {
        self.check(field::USERNAME, Username::parse(text))
    }

    /// A password that is to be compared with the one in use.
    pub(crate) fn known_password(&mut self, place: &'static str, text: &str) -> Option<Password> {
        self.check(place, Password::parse(text))
    }

    /// A password that is to be set.
    pub(crate) fn new_password(
        &mut self,
        place: &'static str,
        text: &str,
        min: usize,
    ) -> Option<Password> {
        self.check(place, Password::choose(text, min))
    }

    /// A password that is to be set, typed twice.
    pub(crate) fn confirmed_password(
        &mut self,
        text: &str,
        again: &str,
        min: usize,
    ) -> Option<Password> {
        let password = self.new_password(field::NEW_PASSWORD, text, min);
        if again.is_empty() {
            self.refuse(field::CONFIRM_PASSWORD, Mistake::ConfirmMissing);
            return None;
        }
        if again != text {
            self.refuse(field::CONFIRM_PASSWORD, Mistake::PasswordMismatch);
            return None;
        }
        password
    }

    /// Everything that is wrong, in the order it was read.
    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(read: impl FnOnce(&mut Fields)) -> Vec<(&'static str, &'static str)> {
        let mut fields = Fields::default();
        read(&mut fields);
        fields.into_errors().iter().map(|error| (error.field, error.key)).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let told = errors(|fields| {
            fields.email("nobody");
            fields.username("");
            fields.confirmed_password("short", "other", 12);
        });
        assert_eq!(
            told,
            [
                (field::EMAIL, "validation.emailFormat"),
                (field::USERNAME, "validation.usernameLength"),
                (field::NEW_PASSWORD, "validation.passwordTooShort"),
                (field::CONFIRM_PASSWORD, "validation.passwordMismatch"),
            ]
        );
    }

    #[test]
    fn a_password_is_typed_twice_or_not_at_all() {
        let good = "a long new password";
        assert!(Fields::default().confirmed_password(good, good, 12).is_some());
        let told = errors(|fields| {
            fields.confirmed_password(good, "", 12);
        });
        assert_eq!(told, [(field::CONFIRM_PASSWORD, "validation.confirmRequired")]);
    }
}
