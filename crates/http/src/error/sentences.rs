//! What to do about a broken rule, in words for whoever filled in the field.

use vestibule_domain::email::EmailError;
use vestibule_domain::error::{Rule, Violation};
use vestibule_domain::password::PasswordError;
use vestibule_domain::relay::RelayError;
use vestibule_domain::username::UsernameError;

/// The sentence for a violation.
pub(super) fn of(violation: &Violation) -> String {
    match violation.rule {
        Rule::Email(error) => email(violation.field, error).to_owned(),
        Rule::Username(error) => username(error).to_owned(),
        Rule::Password(error) => password(error),
        Rule::Relay(error) => relay(error).to_owned(),
    }
}

/// Some addresses are one's own, and some are not.
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
        UsernameError::Length => "Your user name must have 3 to 32 characters",
        UsernameError::Characters => {
            "Your user name may contain letters, digits, dot, underscore and hyphen"
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
        PasswordError::Reused => "Choose a password that you do not use now".to_owned(),
        PasswordError::Common => "This password is easy to guess because many people use it. \
                                  Choose another one."
            .to_owned(),
        PasswordError::Personal => "Choose a password that is not made of your e-mail address, \
                                    your user name or the name of this service"
            .to_owned(),
    }
}

fn relay(error: RelayError) -> &'static str {
    match error {
        RelayError::HostMissing => "Enter the SMTP host, like smtp.example.com",
        RelayError::HostFormat => {
            "Enter the SMTP host alone, like smtp.example.com, without scheme and port"
        }
        RelayError::PortRange => "Port must be a number from 1 to 65535",
        RelayError::Security => "Choose starttls, tls or none",
        RelayError::SenderName => "Enter a from name of 1 to 64 characters on one line, or none",
        RelayError::SenderAddress => {
            "Enter a from e-mail address of ASCII characters: not every relay can carry others"
        }
        RelayError::Credentials => {
            "Enter both the user name and the password, or neither; each may have 512 bytes and no \
             control characters"
        }
        RelayError::UnencryptedCredentials => {
            "Choose starttls or tls: a password is not sent unencrypted to another machine"
        }
        RelayError::PasswordAgain => {
            "Enter the password again, because you changed where it is sent"
        }
        RelayError::PasswordLost => "The saved password cannot be read any more; enter it again",
    }
}
