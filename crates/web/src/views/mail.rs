//! The list of mails for administrators.

use serde::{Deserialize, Serialize};

use super::{Moment, View};

/// A page of the mail list.
#[derive(Serialize)]
pub(crate) struct MailList {
    /// The mails, newest first.
    pub(crate) rows: Vec<MailRow>,
    /// Path and query of the next page.
    pub(crate) next: Option<String>,
    /// Result of the last action.
    pub(crate) notice: Option<MailNotice>,
}

/// A mail in the list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MailRow {
    /// Mail id.
    pub(crate) id: String,
    /// Kind of the mail.
    pub(crate) kind: MailKind,
    /// Recipient.
    pub(crate) recipient: String,
    /// Delivery state.
    pub(crate) state: MailState,
    /// Number of attempts.
    pub(crate) attempts: u32,
    /// Time at which it was queued.
    pub(crate) queued: Moment,
    /// Error of the last attempt.
    pub(crate) reason: Option<String>,
    /// `true` if it can be sent again.
    pub(crate) can_resend: bool,
}

/// Kind of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailKind {
    /// Welcome mail of a new account.
    Welcome,
    /// A reset link.
    ResetLink,
    /// The password was changed.
    PasswordChanged,
    /// The password was disabled after too many failed sign-ins.
    PasswordDisabled,
    /// A sign-in after many wrong passwords.
    SignInAfterFailures,
    /// A refresh token was reused.
    RefreshTokenReused,
}

/// Delivery state of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum MailState {
    /// Queued for the next attempt.
    Waiting {
        /// Time of the next attempt.
        next_attempt: Moment,
    },
    /// Accepted by an SMTP server.
    Sent {
        /// Time of acceptance.
        at: Moment,
    },
    /// Failed; not retried.
    Failed {
        /// Time of the last change.
        at: Moment,
    },
    /// Withdrawn, because its reason no longer exists.
    Withdrawn {
        /// Time of the last change.
        at: Moment,
    },
}

/// Result of an action on a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailNotice {
    /// The mail was queued again.
    Queued,
    /// The mail or its link no longer exists.
    NotPossible,
    /// The service failed; another attempt may succeed.
    Failed,
}

impl View for MailList {
    const TEMPLATE: &'static str = "pages/admin_mail.html";

    fn title(&self) -> &'static str {
        "admin.mailTitle"
    }

    fn reports_error(&self) -> bool {
        matches!(self.notice, Some(MailNotice::NotPossible | MailNotice::Failed))
    }

    fn is_private(&self) -> bool {
        true
    }
}
