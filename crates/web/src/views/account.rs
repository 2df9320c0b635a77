//! The page of one's own account: password and sessions.

use serde::Serialize;

use super::{FormState, Moment, View};

/// Somebody's own account.
#[derive(Serialize)]
pub(crate) struct Account {
    /// Its address.
    pub(crate) email: String,
    /// Its name.
    pub(crate) username: String,
    /// Whether the administration is one click away.
    pub(crate) is_admin: bool,
    /// The least number of characters of a password.
    pub(crate) password_min: usize,
    /// What was just done.
    pub(crate) notice: Option<AccountNotice>,
    /// How it stands with the form that changes the password.
    pub(crate) state: FormState,
    /// Where the account is signed in; this session first.
    pub(crate) sessions: Vec<SessionRow>,
}

/// What was just done to an account.
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

/// A session of the account.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SessionRow {
    /// Names it in the form that ends it.
    pub(crate) id: String,
    /// What the browser said of itself.
    pub(crate) user_agent: Option<String>,
    /// Where it was seen last.
    pub(crate) ip: Option<String>,
    /// When it was seen last.
    pub(crate) last_seen: Moment,
    /// When it began.
    pub(crate) created: Moment,
    /// Whether it is the one that asks.
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
