//! Validation errors of form fields, with the keys of their texts in `validation.ftl`.

use std::collections::BTreeMap;

use serde::Serialize;
use vestibule_domain::error::{Rule, Violation};
use vestibule_domain::model::email::EmailError;
use vestibule_domain::model::password::PasswordError;
use vestibule_domain::model::smtp_settings::SmtpSettingsError;
use vestibule_domain::model::username::UsernameError;

/// Ids of the fields; the links of the error summary lead to them.
pub(crate) mod field {
    /// Email address of an account.
    pub(crate) const EMAIL: &str = "email";
    /// Username of an account.
    pub(crate) const USERNAME: &str = "username";
    /// Password on the sign-in page.
    pub(crate) const PASSWORD: &str = "password";
    /// Current password on the account page.
    pub(crate) const CURRENT_PASSWORD: &str = "current-password";
    /// New password.
    pub(crate) const NEW_PASSWORD: &str = "new-password";
    /// Confirmation of the new password.
    pub(crate) const CONFIRM_PASSWORD: &str = "confirm-password";
    /// Host of the SMTP server.
    pub(crate) const HOST: &str = "host";
    /// Port of the SMTP server.
    pub(crate) const PORT: &str = "port";
    /// Security of the connection; the first of the radio buttons.
    pub(crate) const SECURITY: &str = "security";
    /// Username at the SMTP server.
    pub(crate) const SMTP_USERNAME: &str = "smtp-username";
    /// Password at the SMTP server.
    pub(crate) const SMTP_PASSWORD: &str = "smtp-password";
    /// Email address of the sender.
    pub(crate) const FROM_EMAIL: &str = "from-email";
    /// Name of the sender.
    pub(crate) const FROM_NAME: &str = "from-name";
    /// Recipient of the test mail.
    pub(crate) const TEST_TO: &str = "test-to";
    /// Account password of the administrator, for reauthentication.
    pub(crate) const YOUR_PASSWORD: &str = "your-password";
}

/// An error of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// Id of the field.
    pub(crate) field: &'static str,
    /// Key of the text.
    pub(crate) key: &'static str,
    /// Numbers in the text.
    pub(crate) arguments: BTreeMap<&'static str, u64>,
}

impl FieldError {
    /// Creates an error of a kind.
    pub(crate) fn new(field: &'static str, kind: FieldErrorKind) -> Self {
        Self { field, key: key_of_kind(kind), arguments: BTreeMap::new() }
    }

    /// Creates an error for a validation rule.
    pub(crate) fn of_rule(field: &'static str, rule: Rule) -> Self {
        let mut arguments = BTreeMap::new();
        if let Rule::Password(PasswordError::TooShort { min }) = rule {
            arguments.insert("min", u64::try_from(min).unwrap_or(u64::MAX));
        }
        Self { field, key: key_of_rule(field, rule), arguments }
    }

    /// Creates errors for all violations; `place` maps the names of fields to ids.
    pub(crate) fn of_violations(
        violations: &[Violation],
        place: impl Fn(&'static str) -> &'static str,
    ) -> Vec<Self> {
        violations.iter().map(|broken| Self::of_rule(place(broken.field), broken.rule)).collect()
    }
}

/// Kind of a field error that is not a validation rule of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldErrorKind {
    /// The email address is taken.
    EmailTaken,
    /// The username is taken.
    UsernameTaken,
    /// The confirmation is missing.
    ConfirmMissing,
    /// The confirmation does not match.
    PasswordMismatch,
    /// The current password is missing.
    CurrentPasswordMissing,
    /// The current password is incorrect.
    CurrentPasswordWrong,
    /// The email address or password is incorrect.
    InvalidCredentials,
    /// The account is deactivated.
    AccountInactive,
    /// The host is missing.
    HostMissing,
    /// The sender is missing.
    FromMissing,
    /// The sender is not an email address.
    FromFormat,
    /// The recipient of the test mail is missing.
    TestToMissing,
    /// The account password is missing.
    OwnPasswordMissing,
    /// The account password is incorrect.
    OwnPasswordWrong,
}

fn key_of_kind(kind: FieldErrorKind) -> &'static str {
    match kind {
        FieldErrorKind::EmailTaken => "validation.emailTaken",
        FieldErrorKind::UsernameTaken => "validation.usernameTaken",
        FieldErrorKind::ConfirmMissing => "validation.confirmRequired",
        FieldErrorKind::PasswordMismatch => "validation.passwordMismatch",
        FieldErrorKind::CurrentPasswordMissing => "validation.currentPasswordRequired",
        FieldErrorKind::CurrentPasswordWrong => "validation.incorrectPassword",
        FieldErrorKind::InvalidCredentials => "validation.invalidCredentials",
        FieldErrorKind::AccountInactive => "validation.accountInactive",
        FieldErrorKind::HostMissing => "validation.hostRequired",
        FieldErrorKind::FromMissing => "validation.fromRequired",
        FieldErrorKind::FromFormat => "validation.fromFormat",
        FieldErrorKind::TestToMissing => "validation.testToRequired",
        FieldErrorKind::OwnPasswordMissing => "validation.ownPasswordRequired",
        FieldErrorKind::OwnPasswordWrong => "validation.ownPasswordWrong",
    }
}

/// Returns the key for a rule. New and existing passwords have different texts.
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
        Rule::SmtpSettings(error) => key_of_smtp(error),
    }
}

fn key_of_email(error: EmailError) -> &'static str {
    match error {
        EmailError::Empty => "validation.emailRequired",
        EmailError::TooLong => "validation.emailTooLong",
        EmailError::Format => "validation.emailFormat",
    }
}

fn key_of_smtp(error: SmtpSettingsError) -> &'static str {
    match error {
        SmtpSettingsError::HostMissing => "validation.hostRequired",
        SmtpSettingsError::HostFormat => "validation.hostFormat",
        SmtpSettingsError::PortRange => "validation.portRange",
        SmtpSettingsError::Security => "validation.securityUnknown",
        SmtpSettingsError::SenderName => "validation.fromNameFormat",
        SmtpSettingsError::SenderAddress => "validation.fromAscii",
        SmtpSettingsError::Credentials => "validation.smtpCredentials",
        SmtpSettingsError::UnencryptedCredentials => "validation.smtpUnencrypted",
        SmtpSettingsError::PasswordAgain => "validation.smtpPasswordRequired",
        SmtpSettingsError::PasswordLost => "validation.smtpPasswordLost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_a_text_with_its_numbers() {
        let short = Rule::Password(PasswordError::TooShort { min: 12 });
        let error = FieldError::of_rule(field::NEW_PASSWORD, short);
        assert_eq!(error.key, "validation.passwordTooShort");
        assert_eq!(error.arguments, BTreeMap::from([("min", 12)]));

        let empty = FieldError::of_rule(field::EMAIL, Rule::Email(EmailError::Empty));
        assert_eq!((empty.key, empty.arguments.len()), ("validation.emailRequired", 0));
    }

    #[test]
    fn an_empty_new_password_has_its_own_text() {
        let empty = Rule::Password(PasswordError::Empty);
        let new = FieldError::of_rule(field::NEW_PASSWORD, empty);
        assert_eq!(new.key, "validation.newPasswordRequired");
        let known = FieldError::of_rule(field::PASSWORD, empty);
        assert_eq!(known.key, "validation.passwordRequired");
    }

    #[test]
    fn every_violation_is_mapped_to_its_field() {
        let violations = [Violation { field: "password", rule: PasswordError::TooLong.into() }];
        let errors = FieldError::of_violations(&violations, |_| field::NEW_PASSWORD);
        let expected = FieldError::of_rule(field::NEW_PASSWORD, PasswordError::TooLong.into());
        assert_eq!(errors, [expected]);
    }
}
