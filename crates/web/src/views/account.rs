//! The account page: password and sessions.

use serde::Serialize;

use super::{FormState, Moment, View};

/// The account page.
#[derive(Serialize)]
pub(crate) struct Account {
    /// Email address.
    pub(crate) email: String,
    /// Username.
    pub(crate) username: String,
    /// `true` if the user is an administrator.
    pub(crate) is_admin: bool,
    /// Minimum length of a password.
    pub(crate) password_min: usize,
    /// Result of the last action.
    pub(crate) notice: Option<AccountNotice>,
    /// State of the password form.
    pub(crate) state: FormState,
    /// Sessions of the account, the current one first.
    pub(crate) sessions: Vec<SessionRow>,
}

/// Result of an action on the account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountNotice {
    /// The password was changed, and all other sessions ended.
    PasswordChanged,
    /// One session was ended.
    SessionEnded,
    /// All other sessions were ended.
    OthersEnded,
}

/// A session in the list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SessionRow {
    /// Session id.
    pub(crate) id: String,
    /// User agent of the browser.
    pub(crate) user_agent: Option<String>,
    /// IP address of the last request.
    pub(crate) ip: Option<String>,
    /// Time of the last request.
    pub(crate) last_seen: Moment,
    /// Time of the sign-in.
    pub(crate) created: Moment,
    /// `true` if it is the session of the request.
    pub(crate) current: bool,
}

impl View for Account {
    const TEMPLATE: &'static str = "pages/account.html";

    fn title(&self) -> &'static str {
        "account.title"
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.state)
    }

    fn is_private(&self) -> bool {
        true
    }
}
