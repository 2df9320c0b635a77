//! The record of who did what to which account, for administrators.
//!
//! An event is written in the same unit of work as the act it tells of: there is no act without its
//! event, and no event of something that did not happen. It holds no secret, and of an address that
//! belongs to nobody it holds nothing.

use time::OffsetDateTime;

use crate::caller::Caller;
use crate::id::{EventId, UserId};

/// Something that happened to an account or to the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Names the event; later events have greater ids.
    pub id: EventId,
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub kind: EventKind,
    /// The account it is about; outlives the account. `None` when it is about none.
    pub user_id: Option<UserId>,
    /// Who did it.
    pub by: Doer,
    /// From where.
    pub caller: Caller,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doer {
    /// Whoever called, holding what the act asks for: a password, a link, a session of the account;
    /// or nothing, where nothing is asked for.
    Holder,
    /// An administrator.
    Administrator(UserId),
    /// Somebody at the command line of the machine.
    Operator,
    /// The service itself.
    Service,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An account was opened by its owner.
    SignedUp,
    /// An account was made by an administrator or an operator.
    UserCreated,
    /// The first administrator was made with the set-up link.
    SetUp,
    /// A session was opened.
    SignedIn,
    /// A password was wrong, or there is no such account.
    SignInFailed,
    /// The password was right, and the account is inactive.
    SignInRefused,
    /// Too many passwords were wrong: none is taken any more until it is reset.
    PasswordDisabled,
    /// A session was ended by its owner.
    SessionEnded,
    /// All sessions but one, or all, were ended.
    SessionsEnded,
    /// All sessions and links of everybody were ended, after a database was restored.
    EverythingRevoked,
    /// A refresh token was used that had been exchanged long ago: its session was ended.
    RefreshTokenReused,
    /// The owner of a session proved again who they are.
    ProofGiven,
    /// Somebody in a session did not know its owner's password.
    ProofFailed,
    /// An administrator had a reset link sent.
    ResetRequested,
    /// A reset link was issued.
    ResetIssued,
    /// A password was reset by a link.
    PasswordReset,
    /// A password was changed by its owner.
    PasswordChanged,
    /// A password was set by an operator.
    PasswordSet,
    /// An account was activated.
    Activated,
    /// An account was deactivated.
    Deactivated,
    /// An account was given an administrator's rights.
    Promoted,
    /// An account lost an administrator's rights.
    Demoted,
    /// An account was deleted.
    UserDeleted,
    /// The mail settings were saved.
    MailSettingsSaved,
    /// A mail was made due again.
    MailRequeued,
}

impl Doer {
    /// A stable name, for programs and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Administrator(_) => "administrator",
            Self::Operator => "operator",
            Self::Service => "service",
        }
    }
}

impl EventKind {
    /// Every kind there is.
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

    /// A stable name, for programs and the store.
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

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: HashSet<_> = EventKind::ALL.into_iter().map(EventKind::name).collect();
        assert_eq!(names.len(), EventKind::ALL.len());
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(EventKind::from_name("nothing"), None);
    }
}
