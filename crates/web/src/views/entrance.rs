//! The pages through which people come in: sign-in, sign-up, and the first administrator's set-up.

use serde::Serialize;

use super::{FormState, View};

/// Asks who it is.
#[derive(Serialize)]
pub(crate) struct Login {
    /// The address in the field.
    pub(crate) email: String,
    /// Where to go afterwards; checked by the handler.
    pub(crate) next: Option<String>,
    /// Whether a link to sign-up is shown.
    pub(crate) signup_is_open: bool,
    /// What led here.
    pub(crate) notice: Option<LoginNotice>,
    /// How it stands with the form.
    pub(crate) state: FormState,
}

/// What led to the sign-in page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LoginNotice {
    /// Somebody signed out.
    SignedOut,
    /// A page needs a session, and there is none any more.
    SessionExpired,
    /// The password was changed by a reset link.
    ResetDone,
    /// A reset link did not work.
    LinkInvalid,
}

impl View for Login {
    const TEMPLATE: &'static str = "pages/login.html";

    fn title(&self) -> &'static str {
        "auth.signInTitle"
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.state)
    }

    fn reports_error(&self) -> bool {
        self.state.is_error() || self.notice == Some(LoginNotice::LinkInvalid)
    }
}

/// Opens an account.
#[derive(Serialize)]
pub(crate) struct SignUp {
    /// The address in the field.
    pub(crate) email: String,
    /// The name in the field.
    pub(crate) username: String,
    /// The least number of characters of a password.
    pub(crate) password_min: usize,
    /// How it stands with the form.
    pub(crate) state: FormState,
}

impl View for SignUp {
    const TEMPLATE: &'static str = "pages/signup.html";

    fn title(&self) -> &'static str {
        "auth.signUpTitle"
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.state)
    }
}

/// Says that administrators create the accounts.
#[derive(Serialize)]
pub(crate) struct SignUpClosed {}

impl View for SignUpClosed {
    const TEMPLATE: &'static str = "pages/signup_closed.html";

    fn title(&self) -> &'static str {
        "auth.signUpClosedTitle"
    }
}

/// Creates the first administrator.
#[derive(Serialize)]
pub(crate) struct Setup {
    /// The token of the link.
    pub(crate) token: String,
    /// The address in the field.
    pub(crate) email: String,
    /// The name in the field.
    pub(crate) username: String,
    /// The least number of characters of a password.
    pub(crate) password_min: usize,
    /// How it stands with the form.
    pub(crate) state: FormState,
}

impl View for Setup {
    const TEMPLATE: &'static str = "pages/setup.html";

    fn title(&self) -> &'static str {
        "auth.setupTitle"
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.state)
    }

    fn is_private(&self) -> bool {
        true
    }
}

/// Says that a set-up link does not work, and how to get another.
#[derive(Serialize)]
pub(crate) struct SetupClosed {}

impl View for SetupClosed {
    const TEMPLATE: &'static str = "pages/setup_closed.html";

    fn title(&self) -> &'static str {
        "auth.setupClosedTitle"
    }

    fn reports_error(&self) -> bool {
        true
    }

    fn is_private(&self) -> bool {
        true
    }
}
