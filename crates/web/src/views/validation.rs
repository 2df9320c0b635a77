//! Says what is wrong with a field: broken rules and other mistakes become sentences of
//! `validation.ftl`.

use std::collections::BTreeMap;

use serde::Serialize;
use vestibule_domain::email::EmailError;
use vestibule_domain::error::{Rule, Violation};
use vestibule_domain::password::PasswordError;
use vestibule_domain::relay::RelayError;
use vestibule_domain::username::UsernameError;

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
    /// The sentence for a mistake, at a field.
    pub(crate) fn new(field: &'static str, mistake: Mistake) -> Self {
        Self { field, key: key_of_mistake(mistake), arguments: BTreeMap::new() }
    }

    /// The sentence for a broken rule, at a field.
    pub(crate) fn of_rule(field: &'static str, rule: Rule) -> Self {
        let mut arguments = BTreeMap::new();
        if let Rule::Password(PasswordError::TooShort { min }) = rule {
            arguments.insert("min", u64::try_from(min).unwrap_or(u64::MAX));
        }
        Self { field, key: key_of_rule(field, rule), arguments }
    }

    /// The sentences for all broken rules; `place` finds the id for the name a use case gave.
    pub(crate) fn of_violations(
        violations: &[Violation],
        place: impl Fn(&'static str) -> &'static str,
    ) -> Vec<Self> {
        violations.iter().map(|broken| Self::of_rule(place(broken.field), broken.rule)).collect()
    }
}

/// What can be wrong with a field beyond the rules for its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// Another account has the address.
    EmailTaken,
    /// Another account has the name.
    UsernameTaken,
    /// The new password was typed only once.
    ConfirmMissing,
    /// The new password was typed in two ways.
    PasswordMismatch,
    /// The password in use was not typed.
    CurrentPasswordMissing,
    /// It is another one.
    CurrentPasswordWrong,
    /// No account has that address and that password.
    InvalidCredentials,
    /// The account is deactivated.
    AccountInactive,
    /// Mail needs a relay first.
    HostMissing,
    /// Mail needs a sender.
    FromMissing,
    /// The sender is no address.
    FromFormat,
    /// The test needs somebody to go to.
    TestToMissing,
    /// The administrator has to prove who it is.
    OwnPasswordMissing,
    /// That was no proof.
    OwnPasswordWrong,
}

fn key_of_mistake(mistake: Mistake) -> &'static str {
    match mistake {
        Mistake::EmailTaken => "validation.emailTaken",
        Mistake::UsernameTaken => "validation.usernameTaken",
        Mistake::ConfirmMissing => "validation.confirmRequired",
        Mistake::PasswordMismatch => "validation.passwordMismatch",
        Mistake::CurrentPasswordMissing => "validation.currentPasswordRequired",
        Mistake::CurrentPasswordWrong => "validation.incorrectPassword",
        Mistake::InvalidCredentials => "validation.invalidCredentials",
        Mistake::AccountInactive => "validation.accountInactive",
        Mistake::HostMissing => "validation.hostRequired",
        Mistake::FromMissing => "validation.fromRequired",
        Mistake::FromFormat => "validation.fromFormat",
        Mistake::TestToMissing => "validation.testToRequired",
        Mistake::OwnPasswordMissing => "validation.ownPasswordRequired",
        Mistake::OwnPasswordWrong => "validation.ownPasswordWrong",
    }
}

/// Some passwords are known, and some are only thought of.
fn key_of_rule(field: &str, rule: Rule) -> &'static str {
    match rule {
        Rule::Email(error) => key_of_email(error),
        Rule::Username(UsernameError::Length) => "validation.usernameLength",
        Rule::Username(UsernameError::Characters) => "validation.usernameCharacters",
        Rule::Password(PasswordError::Empty) => match field {
            field::NEW_PASSWORD | field::CONFIRM_PASSWORD => "validation.newPasswordRequired",
            _ => "validation.passwordRequired",
        },
        Rule::Password(PasswordError::TooShort { .. }) => "validation.passwordTooShort",
        Rule::Password(PasswordError::TooLong) => "validation.passwordTooLong",
        Rule::Password(PasswordError::Reused) => "validation.passwordReused",
        Rule::Password(PasswordError::Common) => "validation.passwordCommon",
        Rule::Password(PasswordError::Personal) => "validation.passwordPersonal",
        Rule::Relay(error) => key_of_relay(error),
    }
}

fn key_of_email(error: EmailError) -> &'static str {
    match error {
        EmailError::Empty => "validation.emailRequired",
        EmailError::TooLong => "validation.emailTooLong",
        EmailError::Format => "validation.emailFormat",
    }
}

fn key_of_relay(error: RelayError) -> &'static str {
    match error {
        RelayError::HostMissing => "validation.hostRequired",
        RelayError::HostFormat => "validation.hostFormat",
        RelayError::PortRange => "validation.portRange",
        RelayError::Security => "validation.securityUnknown",
        RelayError::SenderName => "validation.fromNameFormat",
        RelayError::SenderAddress => "validation.fromAscii",
        RelayError::Credentials => "validation.relayCredentials",
        RelayError::UnencryptedCredentials => "validation.relayUnencrypted",
        RelayError::PasswordAgain => "validation.relayPasswordRequired",
        RelayError::PasswordLost => "validation.relayPasswordLost",
    }
}

#[cfg(test)]
mod tests {
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
        let expected = FieldError::of_rule(field::NEW_PASSWORD, PasswordError::TooLong.into());
        assert_eq!(errors, [expected]);
    }
}
