//! The one error of the use cases.

use std::time::Duration;

use crate::email::EmailError;
use crate::password::PasswordError;
use crate::ports::{HashError, SealError, StoreError, TokenError};
use crate::relay::RelayError;
use crate::username::UsernameError;

/// A cause that only a log reads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error with all its causes on one line, outermost first, for whoever logs it.
///
/// A cause whose words already end the line is left out: some libraries repeat theirs.
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

/// Why a use case did not do what it was asked to.
///
/// `Display` never repeats the source; whoever logs walks the chain.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Some of the input breaks a rule; every broken rule is listed.
    #[error("the input is not acceptable")]
    InvalidInput(Vec<Violation>),
    /// The address belongs to an account already.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The name belongs to an account already.
    #[error("the user name is taken")]
    UsernameTaken,
    /// Only administrators create accounts here.
    #[error("sign-up is closed")]
    SignUpClosed,
    /// No account with that address and password.
    #[error("the credentials do not match")]
    InvalidCredentials,
    /// The password given as the current one is not.
    #[error("the current password does not match")]
    IncorrectPassword,
    /// The new password is well formed and cannot be had all the same: it is the one in use, or
    /// would be guessed first.
    #[error("the password cannot be had")]
    PasswordRefused(#[source] PasswordError),
    /// The account exists, and whoever asks has proved to own it, but it was deactivated.
    #[error("the account is inactive")]
    AccountInactive,
    /// The link is spent, superseded, expired, forged or unknown; nobody is told which.
    #[error("the link is spent, expired or unknown")]
    InvalidToken,
    /// No live session behind the request.
    #[error("no valid session")]
    Unauthenticated,
    /// The refresh token is spent, forged or unknown, or its session is over; nobody is told which.
    #[error("the refresh token opens nothing")]
    InvalidRefreshToken,
    /// Signed in, and not allowed to.
    #[error("administrators only")]
    Forbidden,
    /// The last proof of identity is too old for what was asked.
    #[error("the last proof of identity is too old")]
    ProofRequired,
    /// Administrators do not take their own rights or access away.
    #[error("administrators do not do this to themselves")]
    OwnAccount,
    /// There is nothing of that name, or it belongs to somebody else.
    #[error("there is no such thing")]
    NotFound,
    /// The configuration has decided this; it cannot be changed while the service runs.
    #[error("set by the configuration")]
    SetByConfiguration,
    /// Nobody has said where mail goes.
    #[error("no mail relay is set up")]
    MailNotSetUp,
    /// The account is gone.
    #[error("there is no such user")]
    UserNotFound,
    /// Too many attempts.
    #[error("too many attempts")]
    Throttled {
        /// When the next attempt can succeed.
        retry_after: Duration,
    },
    /// Something this service needs cannot be reached or is overloaded; trying again may help.
    #[error("a dependency is unavailable")]
    Unavailable(#[source] BoxError),
    /// A bug or a damaged store.
    #[error("this should not have happened")]
    Internal(#[source] BoxError),
}

/// One broken rule of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field, as the use case's caller names it.
    pub field: &'static str,
    /// The rule.
    pub rule: Rule,
}

/// The rules that input can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// About an e-mail address.
    Email(EmailError),
    /// About a user name.
    Username(UsernameError),
    /// About a password.
    Password(PasswordError),
    /// About the mail relay.
    Relay(RelayError),
}

/// Collects every broken rule of a request, so that a form shows all of them at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Passes a parsed value on, or notes why there is none.
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

impl From<RelayError> for Rule {
    fn from(error: RelayError) -> Self {
        Self::Relay(error)
    }
}

impl Rule {
    /// A stable name, for programs.
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
            Self::Relay(error) => relay_code(error),
        }
    }
}

fn relay_code(error: RelayError) -> &'static str {
    match error {
        RelayError::HostMissing => "host_required",
        RelayError::HostFormat => "host_format",
        RelayError::PortRange => "port_range",
        RelayError::Security => "security_unknown",
        RelayError::SenderName => "from_name_format",
        RelayError::SenderAddress => "from_address_ascii",
        RelayError::Credentials => "relay_credentials",
        RelayError::UnencryptedCredentials => "relay_unencrypted",
        RelayError::PasswordAgain => "relay_password_required",
        RelayError::PasswordLost => "relay_password_lost",
    }
}

impl Error {
    /// A stable name, for programs. Part of every interface; never changed.
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
