//! Remote definitions of the structs of the domain, for serde.
//!
//! They are never constructed: serde reads and writes the structs of the domain with them.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use vestibule_domain::model::audit::{Actor, AuditAction, AuditEvent};
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::{EmailAddress, EmailKey};
use vestibule_domain::model::id::{EventId, MailId, ResetId, ResetRequestId, SessionId, UserId};
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{Mail, MailState, QueuedMail};
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::refresh_token::Refresh;
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::{EndedSession, Session};
use vestibule_domain::model::smtp_settings::{
    SealedSmtpCredentials, SenderName, SmtpCredentials, SmtpHost, SmtpSecurity, SmtpSettings,
    SmtpTest, StoredSmtpSettings,
};
use vestibule_domain::model::user::{CredentialsVersion, User};
use vestibule_domain::model::username::Username;

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
    credentials_version: CredentialsVersion,
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
    credentials_version: CredentialsVersion,
    #[serde(with = "plain")]
    created_at: OffsetDateTime,
    #[serde(with = "plain")]
    authenticated_at: OffsetDateTime,
    #[serde(with = "plain")]
    last_seen_at: OffsetDateTime,
    #[serde(with = "plain")]
    expires_at: OffsetDateTime,
    #[serde(with = "plain")]
    client: ClientInfo,
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
    credentials_version: CredentialsVersion,
    #[serde(with = "plain")]
    issued_at: OffsetDateTime,
    #[serde(with = "plain")]
    expires_at: OffsetDateTime,
    #[serde(with = "plain::option")]
    used_at: Option<OffsetDateTime>,
    #[serde(with = "plain::option")]
    superseded_at: Option<OffsetDateTime>,
    #[serde(with = "plain")]
    client: ClientInfo,
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
    client: ClientInfo,
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
        client: ClientInfo,
    },
    PasswordDisabled {
        #[serde(with = "plain")]
        user_id: UserId,
        #[serde(with = "plain")]
        client: ClientInfo,
    },
    SignInAfterFailures {
        #[serde(with = "plain")]
        user_id: UserId,
        #[serde(with = "plain")]
        client: ClientInfo,
    },
    RefreshTokenReused {
        #[serde(with = "plain")]
        user_id: UserId,
        #[serde(with = "plain")]
        client: ClientInfo,
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
    kind: AuditAction,
    #[serde(with = "plain::option")]
    user_id: Option<UserId>,
    #[serde(with = "plain")]
    by: Actor,
    #[serde(with = "plain")]
    client: ClientInfo,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StoredSmtpSettings")]
pub(super) struct StoredSmtpSettingsRecord {
    #[serde(with = "SmtpSettingsRecord")]
    smtp: SmtpSettings,
    #[serde(with = "plain::option")]
    sealed_credentials: Option<SealedSmtpCredentials>,
    #[serde(with = "plain")]
    saved_at: OffsetDateTime,
    #[serde(with = "plain::option")]
    tested: Option<SmtpTest>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SmtpSettings")]
pub(super) struct SmtpSettingsRecord {
    #[serde(with = "plain")]
    host: SmtpHost,
    port: NonZeroU16,
    #[serde(with = "plain")]
    security: SmtpSecurity,
    /// Only a sealed password can be stored.
    #[serde(skip)]
    credentials: Option<SmtpCredentials>,
    #[serde(with = "plain")]
    from_address: EmailAddress,
    #[serde(with = "plain::option")]
    from_name: Option<SenderName>,
}
