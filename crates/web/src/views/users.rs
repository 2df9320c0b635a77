//! The list of users for administrators.

use serde::{Deserialize, Serialize};

use super::{Moment, View};

/// A page of the user list.
#[derive(Serialize)]
pub(crate) struct UserList {
    /// The search query.
    pub(crate) query: String,
    /// The users found.
    pub(crate) rows: Vec<UserRow>,
    /// Path and query of the next page.
    pub(crate) next: Option<String>,
    /// Result of the last action.
    pub(crate) notice: Option<UserNotice>,
}

/// A user in the list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct UserRow {
    /// User id.
    pub(crate) id: String,
    /// Email address.
    pub(crate) email: String,
    /// Username.
    pub(crate) username: String,
    /// `true` if the user is active.
    pub(crate) is_active: bool,
    /// `true` if the user is an administrator.
    pub(crate) is_admin: bool,
    /// `true` if it is the signed-in administrator.
    pub(crate) is_you: bool,
    /// Time of creation.
    pub(crate) created: Moment,
}

/// Result of an action on a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum UserNotice {
    /// The action succeeded.
    Done {
        /// The action.
        action: UserAction,
        /// Email address of the user.
        email: String,
    },
    /// The user no longer exists.
    Gone,
    /// Administrators cannot change their own account here.
    OwnAccount,
    /// The user is inactive and cannot receive a reset link.
    Inactive,
    /// The service failed; another attempt may succeed.
    Failed,
}

/// An action on a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserAction {
    /// The user was activated.
    Activated,
    /// The user was deactivated.
    Deactivated,
    /// A reset link was queued.
    ResetSent,
    /// All sessions were ended.
    SessionsEnded,
    /// The user was made an administrator.
    Promoted,
    /// The user is no longer an administrator.
    Demoted,
}

impl View for UserList {
    const TEMPLATE: &'static str = "pages/admin_users.html";

    fn title(&self) -> &'static str {
        "admin.usersTitle"
    }

    fn reports_error(&self) -> bool {
        !matches!(self.notice, None | Some(UserNotice::Done { .. }))
    }

    fn is_private(&self) -> bool {
        true
    }
}
