//! The pages of the password reset.

use serde::Serialize;

use super::{FormState, View};

/// The request step.
#[derive(Serialize)]
pub(crate) struct RequestReset {
    /// Path to which the form is posted.
    pub(crate) action: String,
    /// Value of the email field.
    pub(crate) email: String,
    /// Email address of the signed-in user.
    pub(crate) signed_in_as: Option<String>,
    /// The address that was entered, whether or not it has an account.
    pub(crate) sent_to: Option<String>,
    /// Lifetime of a reset link in seconds.
    pub(crate) link_seconds: u64,
    /// State of the form.
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

/// The reset step.
#[derive(Serialize)]
pub(crate) struct ChoosePassword {
    /// Path to which the form is posted.
    pub(crate) action: String,
    /// Token of the reset link.
    pub(crate) token: String,
    /// Email address of the account, which the holder of the token may see.
    pub(crate) email: String,
    /// Minimum length of a password.
    pub(crate) password_min: usize,
    /// Lifetime of a reset link in seconds.
    pub(crate) link_seconds: u64,
    /// State of the form.
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

/// The page for an invalid or expired reset link. It does not reveal the reason.
#[derive(Serialize)]
pub(crate) struct InvalidResetLink {
    /// Lifetime of a reset link in seconds.
    pub(crate) link_seconds: u64,
}

impl View for InvalidResetLink {
    const TEMPLATE: &'static str = "pages/invalid_reset_link.html";

    fn title(&self) -> &'static str {
        "passwordReset.title"
    }

    fn reports_error(&self) -> bool {
        true
    }

    fn is_private(&self) -> bool {
        true
    }
}

/// The page after a reset, which redirects to sign-in.
#[derive(Serialize)]
pub(crate) struct ResetDone {
    /// Seconds before the redirect; `None` for no redirect.
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
