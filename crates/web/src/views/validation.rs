//! Says what is wrong with a field: the rules' codes become sentences of `validation.ftl`.

use std::collections::BTreeMap;

use serde::Serialize;
use vestibule_domain::error::{Rule, Violation};
use vestibule_domain::password::PasswordError;

/// The ids of the fields; the summary's links lead to them.
pub(crate) mod field {
    /// The address of an account.
    pub(crate) const EMAIL: &str = "email";
    /// The name of an account.
    pub(crate) const USERNAME: &str = "username";
    /// The password, where one signs in.
    pub(crate) const PASSWORD: &str = "password";
    /// The password in use, where it is about to change.
    pub(crate) const CURRENT_PASSWORD: &str = "current-password";
    /// The password to be.
    pub(crate) const NEW_PASSWORD: &str = "new-password";
    /// The same again.
    pub(crate) const CONFIRM_PASSWORD: &str = "confirm-password";
    /// The relay's host.
    pub(crate) const HOST: &str = "host";
    /// The relay's port.
    pub(crate) const PORT: &str = "port";
    /// How the connection to the relay is protected; the first of the choices.
    pub(crate) const SECURITY: &str = "security";
    /// Whom to sign in as at the relay.
    pub(crate) const SMTP_USERNAME: &str = "smtp-username";
    /// The password of that account.
    pub(crate) const SMTP_PASSWORD: &str = "smtp-password";
    /// The sender's address.
    pub(crate) const FROM_EMAIL: &str = "from-email";
    /// The sender's name.
    pub(crate) const FROM_NAME: &str = "from-name";
    /// Where the test goes.
    pub(crate) const TEST_TO: &str = "test-to";
    /// The administrator's own password.
    pub(crate) const YOUR_PASSWORD: &str = "your-password";
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// The field's id.
    pub(crate) field: &'static str,
    /// The sentence.
    pub(crate) key: &'static str,
    /// The numbers in it.
    pub(crate) arguments: BTreeMap<&'static str, u64>,
}

impl FieldError {
    /// The sentence for a stable code, at a field.
    pub(crate) fn new(field: &'static str, code: &str) -> Self {
        Self { field, key: key_of(code), arguments: BTreeMap::new() }
    }

    /// The sentence for a broken rule, at a field.
    pub(crate) fn of_rule(field: &'static str, rule: Rule) -> Self {
        let mut error = Self::new(field, rule.code());
        if let Rule::Password(PasswordError::TooShort { min }) = rule {
            error.arguments.insert("min", u64::try_from(min).unwrap_or(u64::MAX));
        }
        if rule == Rule::Password(PasswordError::Empty)
            && matches!(field, field::NEW_PASSWORD | field::CONFIRM_PASSWORD)
        {
            error.key = key_of("new_password_required");
        }
        error
    }

    /// The sentences for all broken rules; `place` finds the id for the name a use case gave.
    pub(crate) fn of_violations(
        violations: &[Violation],
        place: impl Fn(&'static str) -> &'static str,
    ) -> Vec<Self> {
        violations.iter().map(|broken| Self::of_rule(place(broken.field), broken.rule)).collect()
    }
}

/// Where the sentence for a code is.
pub(super) fn key_of(code: &str) -> &'static str {
    KEYS.iter().find(|(known, _)| *known == code).map_or("common.error", |(_, key)| key)
}

/// Codes and their sentences.
pub(super) const KEYS: [(&str, &str); 32] = [
    ("email_required", "validation.emailRequired"),
    ("email_too_long", "validation.emailTooLong"),
    ("email_format", "validation.emailFormat"),
    ("email_taken", "validation.emailTaken"),
    ("username_length", "validation.usernameLength"),
    ("username_characters", "validation.usernameCharacters"),
    ("username_taken", "validation.usernameTaken"),
    ("password_required", "validation.passwordRequired"),
    ("new_password_required", "validation.newPasswordRequired"),
    ("confirm_required", "validation.confirmRequired"),
    ("password_mismatch", "validation.passwordMismatch"),
    ("password_too_short", "validation.passwordTooShort"),
    ("password_too_long", "validation.passwordTooLong"),
    ("password_reused", "validation.passwordReused"),
    ("current_password_required", "validation.currentPasswordRequired"),
    ("incorrect_password", "validation.incorrectPassword"),
    ("invalid_credentials", "validation.invalidCredentials"),
    ("account_inactive", "validation.accountInactive"),
    ("host_required", "validation.hostRequired"),
    ("host_format", "validation.hostFormat"),
    ("port_range", "validation.portRange"),
    ("security_unknown", "validation.securityUnknown"),
    ("from_required", "validation.fromRequired"),
    ("from_format", "validation.fromFormat"),
    ("from_address_ascii", "validation.fromAscii"),
    ("from_name_format", "validation.fromNameFormat"),
    ("relay_credentials", "validation.relayCredentials"),
    ("relay_password_required", "validation.relayPasswordRequired"),
    ("relay_unencrypted", "validation.relayUnencrypted"),
    ("test_to_required", "validation.testToRequired"),
    ("own_password_required", "validation.ownPasswordRequired"),
    ("own_password_wrong", "validation.ownPasswordWrong"),
];

#[cfg(test)]
mod tests {
    use vestibule_domain::email::EmailError;
    use vestibule_domain::relay::RelayError;
    use vestibule_domain::username::UsernameError;

    use super::*;

    #[test]
    fn a_rule_becomes_a_sentence_with_its_numbers() {
        let short = Rule::Password(PasswordError::TooShort { min: 12 });
        let error = FieldError::of_rule(field::NEW_PASSWORD, short);
        assert_eq!(error.key, "validation.passwordTooShort");
        assert_eq!(error.arguments, BTreeMap::from([("min", 12)]));

        let empty = FieldError::of_rule(field::EMAIL, Rule::Email(EmailError::Empty));
        assert_eq!((empty.key, empty.arguments.len()), ("validation.emailRequired", 0));
    }

    #[test]
    fn an_empty_new_password_is_asked_for_as_such() {
        let empty = Rule::Password(PasswordError::Empty);
        let new = FieldError::of_rule(field::NEW_PASSWORD, empty);
        assert_eq!(new.key, "validation.newPasswordRequired");
        let known = FieldError::of_rule(field::PASSWORD, empty);
        assert_eq!(known.key, "validation.passwordRequired");
    }

    #[test]
    fn every_violation_finds_its_place() {
        let violations = [Violation { field: "password", rule: PasswordError::TooLong.into() }];
        let errors = FieldError::of_violations(&violations, |_| field::NEW_PASSWORD);
        assert_eq!(errors, [FieldError::new(field::NEW_PASSWORD, "password_too_long")]);
    }

    #[test]
    fn every_rule_has_its_sentence() {
        let rules: [Rule; 18] = [
            EmailError::Empty.into(),
            EmailError::TooLong.into(),
            EmailError::Format.into(),
            UsernameError::Length.into(),
            UsernameError::Characters.into(),
            PasswordError::Empty.into(),
            PasswordError::TooShort { min: 12 }.into(),
            PasswordError::TooLong.into(),
            PasswordError::Reused.into(),
            RelayError::HostMissing.into(),
            RelayError::HostFormat.into(),
            RelayError::PortRange.into(),
            RelayError::Security.into(),
            RelayError::SenderName.into(),
            RelayError::SenderAddress.into(),
            RelayError::Credentials.into(),
            RelayError::UnencryptedCredentials.into(),
            RelayError::PasswordAgain.into(),
        ];
        for rule in rules {
            assert_ne!(key_of(rule.code()), "common.error", "{rule:?}");
        }
    }

    #[test]
    fn a_code_nobody_knows_is_our_fault() {
        assert_eq!(FieldError::new(field::EMAIL, "no_such_code").key, "common.error");
    }
}
