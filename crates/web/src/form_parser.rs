//! Parses form fields into domain values and collects all errors.

use vestibule_domain::error::Rule;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::password::Password;
use vestibule_domain::model::username::Username;

use crate::views::{FieldError, FieldErrorKind, field};

/// Parser of the fields of a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormParser {
    errors: Vec<FieldError>,
}

impl FormParser {
    /// Returns a parsed value, or records its error.
    pub(crate) fn check<T, E: Into<Rule>>(
        &mut self,
        place: &'static str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed.map_err(|error| self.errors.push(FieldError::of_rule(place, error.into()))).ok()
    }

    /// Records an error of a field.
    pub(crate) fn reject(&mut self, place: &'static str, kind: FieldErrorKind) {
        self.errors.push(FieldError::new(place, kind));
    }

    /// Records an error.
    pub(crate) fn push(&mut self, error: FieldError) {
        self.errors.push(error);
    }

    /// Parses the email address of an account.
    pub(crate) fn email(&mut self, text: &str) -> Option<EmailAddress> {
        self.check(field::EMAIL, EmailAddress::parse(text))
    }

    /// Parses a username.
    pub(crate) fn username(&mut self, text: &str) -> Option<Username> {
        self.check(field::USERNAME, Username::parse(text))
    }

    /// Parses an existing password, without checking the policy.
    pub(crate) fn known_password(&mut self, place: &'static str, text: &str) -> Option<Password> {
        self.check(place, Password::parse(text))
    }

    /// Parses a new password.
    pub(crate) fn new_password(
        &mut self,
        place: &'static str,
        text: &str,
        min: usize,
    ) -> Option<Password> {
        self.check(place, Password::choose(text, min))
    }

    /// Parses a new password and its confirmation.
    pub(crate) fn confirmed_password(
        &mut self,
        text: &str,
        again: &str,
        min: usize,
    ) -> Option<Password> {
        let password = self.new_password(field::NEW_PASSWORD, text, min);
        if again.is_empty() {
            self.reject(field::CONFIRM_PASSWORD, FieldErrorKind::ConfirmMissing);
            return None;
        }
        if again != text {
            self.reject(field::CONFIRM_PASSWORD, FieldErrorKind::PasswordMismatch);
            return None;
        }
        password
    }

    /// Returns all errors in the order of the fields.
    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(parse: impl FnOnce(&mut FormParser)) -> Vec<(&'static str, &'static str)> {
        let mut fields = FormParser::default();
        parse(&mut fields);
        fields.into_errors().iter().map(|error| (error.field, error.key)).collect()
    }

    #[test]
    fn all_errors_are_collected() {
        let errors = errors(|fields| {
            fields.email("invalid");
            fields.username("");
            fields.confirmed_password("short", "other", 12);
        });
        assert_eq!(
            errors,
            [
                (field::EMAIL, "validation.emailFormat"),
                (field::USERNAME, "validation.usernameLength"),
                (field::NEW_PASSWORD, "validation.passwordTooShort"),
                (field::CONFIRM_PASSWORD, "validation.passwordMismatch"),
            ]
        );
    }

    #[test]
    fn a_new_password_must_be_confirmed() {
        let good = "a long new password";
        assert!(FormParser::default().confirmed_password(good, good, 12).is_some());
        let errors = errors(|fields| {
            fields.confirmed_password(good, "", 12);
        });
        assert_eq!(errors, [(field::CONFIRM_PASSWORD, "validation.confirmRequired")]);
    }
}
