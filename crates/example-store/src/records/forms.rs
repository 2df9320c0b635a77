//! The structs of the domain as they are written down, field by field.
//!
//! None of these is ever made: serde reads and writes the struct of the domain by it.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use vestibule_domain::audit::{AuditEvent, Doer, EventKind};
use vestibule_domain::caller::Caller;
use vestibule_domain::email::{EmailAddress, EmailKey};
use vestibule_domain::id::{EventId, MailId, ResetRequestId, SessionId, UserId};
use vestibule_domain::language::Language;
use vestibule_domain::mail::{Mail, MailState, QueuedMail};
use vestibule_domain::refresh::Refresh;
use vestibule_domain::relay::{
    Relay, RelayCredentials, RelayHost, RelaySecurity, RelayTest, SealedCredentials, SenderName,
    StoredRelay,
};
use vestibule_domain::reset::{PasswordReset, ResetId, ResetRequest};
use vestibule_domain::secret::SecretDigest;
use vestibule_domain::session::{EndedSession, Session};
use vestibule_domain::user::{CredentialEpoch, User};
use vestibule_domain::username::Username;

use super::plain;

#[derive(Serialize, Deserialize)]
#[serde(remote = "User")]
pub(super) struct UserForm {
    #[serde(with = "plain")]
    id: UserId,
    #[serde(with = "plain")]
    email: EmailAddress,
    #[serde(with = "plain")]
    username: Username,
    is_active: bool,
    is_admin: bool,
    #[serde(with = "plain::option")]
    language: Option<Language>,
    #[serde(with = "plain")]
    epoch: CredentialEpoch,
    #[serde(with = "plain")]
    created_at: OffsetDateTime,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Session")]
pub(super) struct SessionForm {
    #[serde(with = "plain")]
    id: SessionId,
    #[serde(with = "plain")]
    user_id: UserId,
    #[serde(with = "plain")]
    epoch: CredentialEpoch,
    #[serde(with = "plain")]
    created_at: OffsetDateTime,
    #[serde(with = "plain")]
    authenticated_at: OffsetDateTime,
    #[serde(with = "plain")]
    last_seen_at: OffsetDateTime,
    #[serde(with = "plain")]
    expires_at: OffsetDateTime,
    #[serde(with = "plain")]
    caller: Caller,
    #[serde(with = "plain::option")]
    browser_key: Option<SecretDigest>,
    #[serde(with = "plain::option")]
    refresh: Option<Refresh>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "EndedSession")]
pub(super) struct EndedSessionForm {
    #[serde(with = "plain")]
    ended_at: OffsetDateTime,
    #[serde(with = "plain")]
    id: SessionId,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PasswordReset")]
pub(super) struct ResetForm {
    #[serde(with = "plain")]
    id: ResetId,
    #[serde(with = "plain")]
    user_id: UserId,
    #[serde(with = "plain")]
    email_key: EmailKey,
    #[serde(with = "plain")]
    epoch: CredentialEpoch,
    #[serde(with = "plain")]
    issued_at: OffsetDateTime,
    #[serde(with = "plain")]
    expires_at: OffsetDateTime,
    #[serde(with = "plain::option")]
    used_at: Option<OffsetDateTime>,
    #[serde(with = "plain::option")]
    superseded_at: Option<OffsetDateTime>,
    #[serde(with = "plain")]
    caller: Caller,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ResetRequest")]
pub(super) struct RequestForm {
    #[serde(with = "plain")]
    id: ResetRequestId,
    #[serde(with = "plain")]
    email_key: EmailKey,
    #[serde(with = "plain")]
    requested_at: OffsetDateTime,
    #[serde(with = "plain")]
    caller: Caller,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "QueuedMail")]
pub(super) struct QueuedMailForm {
    #[serde(with = "plain")]
    id: MailId,
    #[serde(with = "MailForm")]
    mail: Mail,
    #[serde(with = "plain")]
    queued_at: OffsetDateTime,
    attempts: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Mail")]
pub(super) enum MailForm {
    Welcome {
        #[serde(with = "plain")]
        user_id: UserId,
    },
    ResetLink {
        #[serde(with = "plain")]
        user_id: UserId,
        #[serde(with = "plain")]
        reset_id: ResetId,
    },
    PasswordChanged {
        #[serde(with = "plain")]
        user_id: UserId,
        #[serde(with = "plain")]
        caller: Caller,
    },
    PasswordDisabled {
        #[serde(with = "plain")]
        user_id: UserId,
        #[serde(with = "plain")]
        caller: Caller,
    },
    SignInAfterFailures {
        #[serde(with = "plain")]
        user_id: UserId,
        #[serde(with = "plain")]
        caller: Caller,
    },
    RefreshTokenReused {
        #[serde(with = "plain")]
        user_id: UserId,
        #[serde(with = "plain")]
        caller: Caller,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MailState")]
pub(super) enum MailStateForm {
    Waiting {
        #[serde(with = "plain")]
        due_at: OffsetDateTime,
    },
    Sent {
        #[serde(with = "plain")]
        at: OffsetDateTime,
    },
    Failed {
        #[serde(with = "plain")]
        at: OffsetDateTime,
    },
    Withdrawn {
        #[serde(with = "plain")]
        at: OffsetDateTime,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditEvent")]
pub(super) struct EventForm {
    #[serde(with = "plain")]
    id: EventId,
    #[serde(with = "plain")]
    at: OffsetDateTime,
    #[serde(with = "plain")]
    kind: EventKind,
    #[serde(with = "plain::option")]
    user_id: Option<UserId>,
    #[serde(with = "plain")]
    by: Doer,
    #[serde(with = "plain")]
    caller: Caller,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StoredRelay")]
pub(super) struct StoredRelayForm {
    #[serde(with = "RelayForm")]
    relay: Relay,
    #[serde(with = "plain::option")]
    sealed_credentials: Option<SealedCredentials>,
    #[serde(with = "plain")]
    saved_at: OffsetDateTime,
    #[serde(with = "plain::option")]
    tested: Option<RelayTest>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Relay")]
pub(super) struct RelayForm {
    #[serde(with = "plain")]
    host: RelayHost,
    port: NonZeroU16,
    #[serde(with = "plain")]
    security: RelaySecurity,
    /// There is no place for a password that is not sealed.
    #[serde(skip)]
    credentials: Option<RelayCredentials>,
    #[serde(with = "plain")]
    from_address: EmailAddress,
    #[serde(with = "plain::option")]
    from_name: Option<SenderName>,
}
