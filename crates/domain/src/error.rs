//! The error of the use cases, and validation errors.

use std::time::Duration;

use crate::model::email::EmailError;
use crate::model::password::PasswordError;
use crate::model::smtp_settings::SmtpSettingsError;
use crate::model::username::UsernameError;
use crate::ports::{HashError, SealError, StoreError, TokenError};

/// A cause, for logs only.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Returns an error and its causes on one line, outermost first, for logs.
///
/// A cause that the line already ends with is left out: some libraries repeat their source.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// The error of the use cases.
///
/// `Display` does not repeat the source; [`chain`] prints both.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is invalid; lists all validation errors.
    #[error("invalid input")]
    InvalidInput(Vec<Violation>),
    /// The email address belongs to another account.
    #[error("email already registered")]
    EmailTaken,
    /// The username belongs to another account.
    #[error("username already taken")]
    UsernameTaken,
    /// Sign-up is closed.
    #[error("sign-up is closed")]
    SignUpClosed,
    /// Wrong email or password.
    #[error("invalid email or password")]
    InvalidCredentials,
    /// The current password is wrong.
    #[error("incorrect current password")]
    IncorrectPassword,
    /// The new password is well formed but refused: it is the current one, or too easy to guess.
    #[error("password rejected")]
    PasswordRefused(#[source] PasswordError),
    /// The account is deactivated. Returned only after the right password.
    #[error("account inactive")]
    AccountInactive,
    /// The reset link is used, superseded, expired, forged or unknown; which one is not revealed.
    #[error("invalid or expired reset link")]
    InvalidToken,
    /// The request has no valid session.
    #[error("no valid session")]
    Unauthenticated,
    /// The refresh token is used, forged or unknown, or its session has ended; which one is not
    /// revealed.
    #[error("invalid refresh token")]
    InvalidRefreshToken,
    /// The user is not an administrator.
    #[error("administrator rights required")]
    Forbidden,
    /// The operation requires reauthentication.
    #[error("reauthentication required")]
    ProofRequired,
    /// The operation is not allowed on the administrator's own account.
    #[error("cannot modify your own account")]
    OwnAccount,
    /// Not found, or not the user's.
    #[error("not found")]
    NotFound,
    /// The value is set by the configuration and cannot be changed at run time.
    #[error("set by the configuration")]
    SetByConfiguration,
    /// No SMTP settings are configured.
    #[error("SMTP is not configured")]
    MailNotSetUp,
    /// The account does not exist any more.
    #[error("user not found")]
    UserNotFound,
    /// Too many attempts.
    #[error("too many attempts")]
    Throttled {
        /// Time until the next attempt can succeed.
        retry_after: Duration,
    },
    /// A dependency is unavailable or overloaded; a retry may help.
    #[error("a dependency is unavailable")]
    Unavailable(#[source] BoxError),
    /// An internal error: a bug or a damaged store.
    #[error("internal error")]
    Internal(#[source] BoxError),
}

/// A validation error of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field, as the caller of the use case names it.
    pub field: &'static str,
    /// The broken rule.
    pub rule: Rule,
}

/// A validation rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A rule for email addresses.
    Email(EmailError),
    /// A rule for usernames.
    Username(UsernameError),
    /// A rule for passwords.
    Password(PasswordError),
    /// A rule for SMTP settings.
    SmtpSettings(SmtpSettingsError),
}

/// Collects all validation errors of a request.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Returns the parsed value, or records the validation error and returns `None`.
    pub fn check<T, E: Into<Rule>>(
        &mut self,
        field: &'static str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(rule) => {
                self.0.push(Violation { field, rule: rule.into() });
                None
            }
        }
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::InvalidInput(violations.0)
    }
}

impl From<EmailError> for Rule {
    fn from(error: EmailError) -> Self {
        Self::Email(error)
    }
}

impl From<UsernameError> for Rule {
    fn from(error: UsernameError) -> Self {
        Self::Username(error)
    }
}

impl From<PasswordError> for Rule {
    fn from(error: PasswordError) -> Self {
        Self::Password(error)
    }
}

impl From<SmtpSettingsError> for Rule {
    fn from(error: SmtpSettingsError) -> Self {
        Self::SmtpSettings(error)
    }
}

impl Rule {
    /// Returns a stable code, for API clients.
    pub fn code(self) -> &'static str {
        match self {
            Self::Email(EmailError::Empty) => "email_required",
            Self::Email(EmailError::TooLong) => "email_too_long",
            Self::Email(EmailError::Format) => "email_format",
            Self::Username(UsernameError::Length) => "username_length",
            Self::Username(UsernameError::Characters) => "username_characters",
            Self::Password(PasswordError::Empty) => "password_required",
            Self::Password(PasswordError::TooShort { .. }) => "password_too_short",
            Self::Password(PasswordError::TooLong) => "password_too_long",
            Self::Password(PasswordError::Reused) => "password_reused",
            Self::Password(PasswordError::Common) => "password_common",
            Self::Password(PasswordError::Personal) => "password_personal",
            Self::SmtpSettings(error) => smtp_code(error),
        }
    }
}

fn smtp_code(error: SmtpSettingsError) -> &'static str {
    match error {
        SmtpSettingsError::HostMissing => "host_required",
        SmtpSettingsError::HostFormat => "host_format",
        SmtpSettingsError::PortRange => "port_range",
        SmtpSettingsError::Security => "security_unknown",
        SmtpSettingsError::SenderName => "from_name_format",
        SmtpSettingsError::SenderAddress => "from_address_ascii",
        // These codes are part of the API and keep their names.
        SmtpSettingsError::Credentials => "relay_credentials",
        SmtpSettingsError::UnencryptedCredentials => "relay_unencrypted",
        SmtpSettingsError::PasswordAgain => "relay_password_required",
        SmtpSettingsError::PasswordLost => "relay_password_lost",
    }
}

impl Error {
    /// Returns a stable code, for API clients; it never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput(_) => "invalid_input",
            Self::EmailTaken => "email_taken",
            Self::UsernameTaken => "username_taken",
            Self::SignUpClosed => "signup_closed",
            Self::InvalidCredentials => "invalid_credentials",
            Self::IncorrectPassword => "incorrect_password",
            Self::PasswordRefused(why) => Rule::Password(*why).code(),
            Self::AccountInactive => "account_inactive",
            Self::InvalidToken => "invalid_token",
            Self::Unauthenticated => "unauthenticated",
            Self::InvalidRefreshToken => "invalid_refresh_token",
            Self::Forbidden => "forbidden",
            Self::ProofRequired => "reauthentication_required",
            Self::OwnAccount => "own_account",
            Self::NotFound => "not_found",
            Self::SetByConfiguration => "set_by_configuration",
            Self::MailNotSetUp => "mail_not_set_up",
            Self::UserNotFound => "user_not_found",
            Self::Throttled { .. } => "too_many_requests",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal_error",
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error.into()),
            StoreError::Corrupt(_) => Self::Internal(error.into()),
        }
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Unavailable(error.into()),
            HashError::Unreadable(_) | HashError::Failed(_) => Self::Internal(error.into()),
        }
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::Internal(error.into())
    }
}
