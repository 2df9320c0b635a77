//! The audit log: who did what to which account, for administrators.
//!
//! An event is written in the same unit of work as the operation it describes. It contains no
//! secret, and no email address that has no account.

use time::OffsetDateTime;

use crate::model::client::ClientInfo;
use crate::model::id::{EventId, UserId};

/// An entry of the audit log, about an account or the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Identifies the event; later events have greater ids.
    pub id: EventId,
    /// Time of the event.
    pub at: OffsetDateTime,
    /// The action.
    pub kind: AuditAction,
    /// The account it is about, which may be deleted since; `None` if it is about none.
    pub user_id: Option<UserId>,
    /// The actor.
    pub by: Actor,
    /// The client that sent the request.
    pub client: ClientInfo,
}

/// The actor of an audit event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The client, with the credentials that the operation asks for: a password, a link, a session;
    /// or none, if it asks for none.
    Client,
    /// An administrator.
    Administrator(UserId),
    /// An operator, by a command.
    Operator,
    /// The service itself.
    Service,
}

/// The kind of an audit event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditAction {
    /// A user signed up.
    SignedUp,
    /// An operator created an account.
    UserCreated,
    /// The first administrator was created with the setup link.
    SetUp,
    /// A user signed in.
    SignedIn,
    /// A sign-in with a wrong password or an unknown address.
    SignInFailed,
    /// A sign-in with the right password to an inactive account.
    SignInRefused,
    /// Sign-in was locked after too many wrong passwords, until the password is reset.
    PasswordDisabled,
    /// A user ended a session.
    SessionEnded,
    /// All sessions of a user, or all but one, were ended.
    SessionsEnded,
    /// All sessions and links of all users were revoked, after a backup was restored.
    EverythingRevoked,
    /// A refresh token was reused, and its session was ended.
    RefreshTokenReused,
    /// A user reauthenticated in a session.
    ProofGiven,
    /// A wrong password was given to reauthenticate in a session.
    ProofFailed,
    /// An administrator requested a reset link for an account.
    ResetRequested,
    /// A reset link was issued.
    ResetIssued,
    /// A password was reset with a link.
    PasswordReset,
    /// A user changed their password.
    PasswordChanged,
    /// An operator set a password.
    PasswordSet,
    /// An account was activated.
    Activated,
    /// An account was deactivated.
    Deactivated,
    /// An account became an administrator.
    Promoted,
    /// An account is no longer an administrator.
    Demoted,
    /// An account was deleted.
    UserDeleted,
    /// The SMTP settings were saved.
    MailSettingsSaved,
    /// A mail was queued again.
    MailRequeued,
}

impl Actor {
    /// Returns a stable name, for the API and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "holder",
            Self::Administrator(_) => "administrator",
            Self::Operator => "operator",
            Self::Service => "service",
        }
    }
}

impl AuditAction {
    /// All actions.
    pub const ALL: [Self; 25] = [
        Self::SignedUp,
        Self::UserCreated,
        Self::SetUp,
        Self::SignedIn,
        Self::SignInFailed,
        Self::SignInRefused,
        Self::PasswordDisabled,
        Self::SessionEnded,
        Self::SessionsEnded,
        Self::EverythingRevoked,
        Self::RefreshTokenReused,
        Self::ProofGiven,
        Self::ProofFailed,
        Self::ResetRequested,
        Self::ResetIssued,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::PasswordSet,
        Self::Activated,
        Self::Deactivated,
        Self::Promoted,
        Self::Demoted,
        Self::UserDeleted,
        Self::MailSettingsSaved,
        Self::MailRequeued,
    ];

    /// Returns a stable name, for the API and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedUp => "signed_up",
            Self::UserCreated => "user_created",
            Self::SetUp => "set_up",
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignInRefused => "sign_in_refused",
            Self::PasswordDisabled => "password_disabled",
            Self::SessionEnded => "session_ended",
            Self::SessionsEnded => "sessions_ended",
            Self::EverythingRevoked => "everything_revoked",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::ProofGiven => "proof_given",
            Self::ProofFailed => "proof_failed",
            Self::ResetRequested => "reset_requested",
            Self::ResetIssued => "reset_issued",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::PasswordSet => "password_set",
            Self::Activated => "activated",
            Self::Deactivated => "deactivated",
            Self::Promoted => "promoted",
            Self::Demoted => "demoted",
            Self::UserDeleted => "user_deleted",
            Self::MailSettingsSaved => "mail_settings_saved",
            Self::MailRequeued => "mail_requeued",
        }
    }

    /// Returns the action with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_action_has_a_unique_name() {
        let names: HashSet<_> = AuditAction::ALL.into_iter().map(AuditAction::name).collect();
        assert_eq!(names.len(), AuditAction::ALL.len());
        for kind in AuditAction::ALL {
            assert_eq!(AuditAction::from_name(kind.name()), Some(kind));
        }
        assert_eq!(AuditAction::from_name("nothing"), None);
    }
}
