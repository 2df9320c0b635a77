//! The groups of operations in the OpenAPI document.

use poem_openapi::Tags;

/// The tags of the OpenAPI document, which group its operations.
#[derive(Tags)]
pub(crate) enum Tag {
    /// Sign-up, sign-in, sessions, password recovery and change.
    Authentication,
    /// Password reset for front ends with their own pages.
    #[oai(rename = "Password reset")]
    PasswordReset,
    /// Users, mails, SMTP settings and the audit log, for administrators.
    Administration,
    /// Public keys for verifying access tokens offline.
    Keys,
    /// Health checks for load balancers and process managers.
    Operations,
}
