//! The English sentences of validation errors.

use vestibule_domain::error::{Rule, Violation};
use vestibule_domain::model::email::EmailError;
use vestibule_domain::model::password::PasswordError;
use vestibule_domain::model::smtp_settings::SmtpSettingsError;
use vestibule_domain::model::username::UsernameError;

/// Returns the sentence for a validation error.
pub(super) fn of(violation: &Violation) -> String {
    match violation.rule {
        Rule::Email(error) => email(violation.field, error).to_owned(),
        Rule::Username(error) => username(error).to_owned(),
        Rule::Password(error) => password(error),
        Rule::SmtpSettings(error) => smtp(error).to_owned(),
    }
}

/// Returns the words for an address field: the user's own address or another one.
fn email(field: &str, error: EmailError) -> &'static str {
    match (error, field) {
        (EmailError::Empty, "from_address") => "Enter the from e-mail address",
        (EmailError::Empty, "to") => "Enter the address for the test",
        (EmailError::Empty, _) => "Enter your e-mail address",
        (EmailError::TooLong, "from_address" | "to") => {
            "The e-mail address must be 254 characters or fewer"
        }
        (EmailError::TooLong, _) => "Your e-mail address must be 254 characters or fewer",
        (EmailError::Format, _) => {
            "Enter an e-mail address in the correct format, like name@example.com"
        }
    }
}

fn username(error: UsernameError) -> &'static str {
    match error {
        UsernameError::Length => "Your username must be 3 to 32 characters",
        UsernameError::Characters => {
            "Your username may only contain the letters A to Z, digits, dots, hyphens and underscores"
        }
    }
}

fn password(error: PasswordError) -> String {
    match error {
        PasswordError::Empty => "Enter a password".to_owned(),
        PasswordError::TooShort { min } => {
            format!("Your password must be {min} characters or more")
        }
        PasswordError::TooLong => {
            "Your password must be 256 characters and 1,024 bytes or fewer".to_owned()
        }
        PasswordError::Reused => {
            "Choose a password that is different from your current one".to_owned()
        }
        PasswordError::Common => "This password is too common and easy to guess. \
                                  Choose another one."
            .to_owned(),
        PasswordError::Personal => "Choose a password that is not based on your e-mail address, \
                                    your username or the name of this service"
            .to_owned(),
    }
}

fn smtp(error: SmtpSettingsError) -> &'static str {
    match error {
        SmtpSettingsError::HostMissing => "Enter the SMTP host, like smtp.example.com",
        SmtpSettingsError::HostFormat => {
            "Enter only the name or address of the SMTP host, like smtp.example.com"
        }
        SmtpSettingsError::PortRange => "Port must be a number from 1 to 65535",
        SmtpSettingsError::Security => "Choose starttls, tls or none",
        SmtpSettingsError::SenderName => "The from name must be one line of 64 characters or fewer",
        SmtpSettingsError::SenderAddress => {
            "Enter a from e-mail address with ASCII characters only: some servers do not support \
             other characters"
        }
        SmtpSettingsError::Credentials => {
            "Enter both a username and a password, or neither; each may have 512 bytes and no control \
             characters"
        }
        SmtpSettingsError::UnencryptedCredentials => {
            "Choose starttls or tls: a password is not sent unencrypted to another machine"
        }
        SmtpSettingsError::PasswordAgain => {
            "Enter the password again, because the host, port, security or username changed"
        }
        SmtpSettingsError::PasswordLost => {
            "The saved password can no longer be read. Enter it again."
        }
    }
}
