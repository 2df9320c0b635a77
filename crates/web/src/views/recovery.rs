//! The pages that lead somebody who forgot the password to a new one.

use serde::Serialize;

use super::{FormState, View};

/// Asks for the address of the account.
#[derive(Serialize)]
pub(crate) struct RequestReset {
    /// Where the form goes.
    pub(crate) action: String,
    /// The address in the field.
    pub(crate) email: String,
    /// The address of whoever is signed in.
    pub(crate) signed_in_as: Option<String>,
    /// The address just asked for, whether or not it has an account.
    pub(crate) sent_to: Option<String>,
    /// How long a link works.
    pub(crate) link_seconds: u64,
    /// How it stands with the form.
    pub(crate) state: FormState,
}

impl View for RequestReset {
    const TEMPLATE: &'static str = "pages/request_reset.html";

    fn title(&self) -> &'static str {
        "passwordReset.title"
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.state)
    }
}

/// Asks for the new password.
#[derive(Serialize)]
pub(crate) struct ChoosePassword {
    /// Where the form goes; holds no token.
    pub(crate) action: String,
    /// The token of the link.
    pub(crate) token: String,
    /// Whose password it is; whoever holds the token may know.
    pub(crate) email: String,
    /// The least number of characters.
    pub(crate) password_min: usize,
    /// How long a link works.
    pub(crate) link_seconds: u64,
    /// How it stands with the form.
    pub(crate) state: FormState,
}

impl View for ChoosePassword {
    const TEMPLATE: &'static str = "pages/choose_password.html";

    fn title(&self) -> &'static str {
        "passwordReset.newTitle"
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.state)
    }

    fn is_private(&self) -> bool {
        true
    }
}

/// Says that a link does not work; nobody is told why.
#[derive(Serialize)]
pub(crate) struct DeadResetLink {
    /// How long a link works.
    pub(crate) link_seconds: u64,
}

impl View for DeadResetLink {
    const TEMPLATE: &'static str = "pages/dead_reset_link.html";

    fn title(&self) -> &'static str {
        "passwordReset.invalidTokenTitle"
    }

    fn reports_error(&self) -> bool {
        true
    }

    fn is_private(&self) -> bool {
        true
    }
}

/// Says that the password was changed, and goes on to the sign-in page.
#[derive(Serialize)]
pub(crate) struct ResetDone {
    /// After how long the page moves on by itself, if at all.
    pub(crate) redirect_after_seconds: Option<u64>,
}

impl View for ResetDone {
    const TEMPLATE: &'static str = "pages/reset_done.html";

    fn title(&self) -> &'static str {
        "passwordReset.successTitle"
    }

    fn is_private(&self) -> bool {
        true
    }
}
