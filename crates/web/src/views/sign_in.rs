//! The pages for sign-in, sign-up and the setup of the first administrator.

use serde::Serialize;

use super::{FormState, View};

/// The sign-in page.
#[derive(Serialize)]
pub(crate) struct Login {
    /// Value of the email field.
    pub(crate) email: String,
    /// Redirect target after sign-in; validated by the handler.
    pub(crate) next: Option<String>,
    /// `true` if the page links to sign-up.
    pub(crate) signup_is_open: bool,
    /// Reason for which the page is shown.
    pub(crate) notice: Option<LoginNotice>,
    /// State of the form.
    pub(crate) state: FormState,
}

/// Reason for which the sign-in page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LoginNotice {
    /// The user signed out.
    SignedOut,
    /// The session expired or was ended.
    SessionExpired,
    /// The password was reset.
    ResetDone,
    /// A reset link was invalid or expired.
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

/// The sign-up page.
#[derive(Serialize)]
pub(crate) struct SignUp {
    /// Value of the email field.
    pub(crate) email: String,
    /// Value of the username field.
    pub(crate) username: String,
    /// Minimum length of a password.
    pub(crate) password_min: usize,
    /// State of the form.
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

/// The page for closed sign-up.
#[derive(Serialize)]
pub(crate) struct SignUpClosed {}

impl View for SignUpClosed {
    const TEMPLATE: &'static str = "pages/signup_closed.html";

    fn title(&self) -> &'static str {
        "auth.signUpClosedTitle"
    }
}

/// The setup page of the first administrator.
#[derive(Serialize)]
pub(crate) struct Setup {
    /// Token of the setup link.
    pub(crate) token: String,
    /// Value of the email field.
    pub(crate) email: String,
    /// Value of the username field.
    pub(crate) username: String,
    /// Minimum length of a password.
    pub(crate) password_min: usize,
    /// State of the form.
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

/// The page for an invalid or expired setup link.
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
