//! The administrator's list of mails: what waits, went out, failed, and why.

use serde::{Deserialize, Serialize};

use super::{Moment, View};

/// One page of the list.
#[derive(Serialize)]
pub(crate) struct MailLog {
    /// The mails, newest first.
    pub(crate) rows: Vec<MailRow>,
    /// The address of the next page, path and query.
    pub(crate) next: Option<String>,
    /// What came of an action.
    pub(crate) notice: Option<MailLogNotice>,
}

/// A mail in the list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MailRow {
    /// Names it in the form that sends it again.
    pub(crate) id: String,
    /// What it is.
    pub(crate) kind: MailKind,
    /// Where it goes.
    pub(crate) recipient: String,
    /// How far it got.
    pub(crate) state: MailState,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// When it was queued.
    pub(crate) queued: Moment,
    /// Why the latest attempt failed.
    pub(crate) reason: Option<String>,
    /// Whether it can be sent again.
    pub(crate) can_resend: bool,
}

/// What a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailKind {
    /// The account was opened.
    Welcome,
    /// A link to choose a new password.
    ResetLink,
    /// The password was changed.
    PasswordChanged,
    /// The password opens nothing any more.
    PasswordDisabled,
    /// Somebody signed in after many wrong passwords.
    SignInAfterFailures,
    /// A refresh token was used again.
    RefreshTokenReused,
}

/// How far a mail got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum MailState {
    /// It waits for its next attempt.
    Waiting {
        /// Which is due then.
        next_attempt: Moment,
    },
    /// A relay took it.
    Sent {
        /// When.
        at: Moment,
    },
    /// It will not be tried again.
    Failed {
        /// Since when.
        at: Moment,
    },
    /// There was no reason left to send it.
    Withdrawn {
        /// Since when.
        at: Moment,
    },
}

/// What came of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailLogNotice {
    /// It waits to be sent again.
    Queued,
    /// It cannot be sent again: it is gone, or its link died.
    NotPossible,
    /// We could not do it; trying again may help.
    Failed,
}

impl View for MailLog {
    const TEMPLATE: &'static str = "pages/admin_mail.html";

    fn title(&self) -> &'static str {
        "admin.mailTitle"
    }

    fn reports_error(&self) -> bool {
        matches!(self.notice, Some(MailLogNotice::NotPossible | MailLogNotice::Failed))
    }

    fn is_private(&self) -> bool {
        true
    }
}
