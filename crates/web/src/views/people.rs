//! The administrator's list of accounts.

use serde::{Deserialize, Serialize};

use super::{Moment, View};

/// One page of the list.
#[derive(Serialize)]
pub(crate) struct People {
    /// What was searched for.
    pub(crate) query: String,
    /// Who was found.
    pub(crate) rows: Vec<PersonRow>,
    /// The address of the next page, path and query.
    pub(crate) next: Option<String>,
    /// What came of an action.
    pub(crate) notice: Option<PeopleNotice>,
}

/// An account in the list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonRow {
    /// Names it in forms.
    pub(crate) id: String,
    /// Its address.
    pub(crate) email: String,
    /// Its name.
    pub(crate) username: String,
    /// Whether it can be used.
    pub(crate) is_active: bool,
    /// Whether it administers others.
    pub(crate) is_admin: bool,
    /// Whether it is the account that looks.
    pub(crate) is_you: bool,
    /// When it was opened.
    pub(crate) created: Moment,
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum PeopleNotice {
    /// It was done.
    Done {
        /// What.
        deed: Deed,
        /// To whose account.
        email: String,
    },
    /// The account is gone.
    Gone,
    /// Nobody takes their own rights or access away here.
    Yourself,
    /// A reset link to an account that cannot be used would not help.
    Inactive,
    /// We could not do it; trying again may help.
    Failed,
}

/// What can be done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deed {
    /// It can be used again.
    Activated,
    /// It cannot be used any more.
    Deactivated,
    /// A reset link is on its way.
    ResetSent,
    /// It is signed out everywhere.
    SessionsEnded,
    /// It administers others.
    Promoted,
    /// It does not any more.
    Demoted,
}

impl View for People {
    const TEMPLATE: &'static str = "pages/admin_users.html";

    fn title(&self) -> &'static str {
        "admin.usersTitle"
    }

    fn reports_error(&self) -> bool {
        !matches!(self.notice, None | Some(PeopleNotice::Done { .. }))
    }

    fn is_private(&self) -> bool {
        true
    }
}
