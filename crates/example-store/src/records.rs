//! The stored records, their keys and names.
//!
//! The domain does not depend on serde, so `forms` repeats its structs; the compiler reports fields
//! that are missing there. `plain` serializes single values as text and numbers.

mod forms;
mod mail;
mod plain;
mod tried;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use vestibule_domain::model::audit::AuditEvent;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::{EndedSession, Session};
use vestibule_domain::model::smtp_settings::StoredSmtpSettings;
use vestibule_domain::model::user::User;
use vestibule_domain::model::username::Username;

use self::forms::{
    EndedSessionForm, EventForm, RequestForm, ResetForm, SessionForm, StoredSmtpSettingsRecord,
    UserForm,
};
pub(crate) use self::mail::KeptMail;
pub(crate) use self::tried::{Count, Tried};
use crate::shelves::Record;

/// A user with the password, if there is one.
#[derive(Serialize, Deserialize)]
pub(crate) struct Account {
    /// The user.
    #[serde(with = "UserForm")]
    pub(crate) user: User,
    /// The password.
    #[serde(with = "plain::option")]
    pub(crate) password: Option<PasswordHash>,
}

/// A session.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptSession(#[serde(with = "SessionForm")] pub(crate) Session);

/// A session that was ended.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ended(#[serde(with = "EndedSessionForm")] pub(crate) EndedSession);

/// A password reset.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptReset(#[serde(with = "ResetForm")] pub(crate) PasswordReset);

/// A request for a reset link.
#[derive(Serialize, Deserialize)]
pub(crate) struct Request(#[serde(with = "RequestForm")] pub(crate) ResetRequest);

/// An audit event.
#[derive(Serialize, Deserialize)]
pub(crate) struct Noted(#[serde(with = "EventForm")] pub(crate) AuditEvent);

/// The SMTP settings; a single record.
#[derive(Serialize, Deserialize)]
pub(crate) struct TheSmtpServer(
    #[serde(with = "StoredSmtpSettingsRecord")] pub(crate) StoredSmtpSettings,
);

/// The setup link; a single record.
#[derive(Serialize, Deserialize)]
pub(crate) struct SetupLink {
    /// Digest of the link.
    #[serde(with = "plain")]
    pub(crate) link: SecretDigest,
    /// Time of expiry.
    #[serde(with = "plain")]
    pub(crate) expires_at: OffsetDateTime,
}

/// Encodes bytes as a part of a key or name.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Encodes a time as a part of a key or name, with a fixed length, so that texts sort by time.
pub(crate) fn sortable(at: OffsetDateTime) -> String {
    format!("{:020}", at.unix_timestamp_nanos() / 1000)
}

impl Account {
    pub(crate) fn by_email(key: &EmailKey) -> String {
        format!("email/{}", key.as_str())
    }

    pub(crate) fn by_username(username: &Username) -> String {
        format!("name/{}", username.key())
    }
}

impl Record for Account {
    const SHELF: &'static str = "account";

    fn key(&self) -> String {
        self.user.id.to_string()
    }

    fn names(&self) -> BTreeSet<String> {
        [Self::by_email(self.user.email.key()), Self::by_username(&self.user.username)].into()
    }
}

impl KeptSession {
    pub(crate) fn by_browser(key: &SecretDigest) -> String {
        format!("browser/{}", hex(key.as_bytes()))
    }

    pub(crate) fn by_family(family: &SecretDigest) -> String {
        format!("family/{}", hex(family.as_bytes()))
    }

    pub(crate) fn all_of(user: UserId) -> String {
        format!("of/{user}/")
    }
}

impl Record for KeptSession {
    const SHELF: &'static str = "session";

    fn key(&self) -> String {
        self.0.id.to_string()
    }

    fn names(&self) -> BTreeSet<String> {
        let Session { id, user_id, browser_key, refresh, .. } = &self.0;
        let owner = format!("{}{id}", Self::all_of(*user_id));
        let browser = browser_key.as_ref().map(Self::by_browser);
        let family = refresh.as_ref().map(|refresh| Self::by_family(&refresh.family));
        [Some(owner), browser, family].into_iter().flatten().collect()
    }
}

impl Record for Ended {
    const SHELF: &'static str = "ended";

    fn key(&self) -> String {
        format!("{}/{}", sortable(self.0.ended_at), self.0.id)
    }
}

impl KeptReset {
    /// Marks the reset as superseded, if it was neither used nor superseded.
    pub(crate) fn supersede(&mut self, now: OffsetDateTime) {
        if self.0.used_at.is_none() && self.0.superseded_at.is_none() {
            self.0.superseded_at = Some(now);
        }
    }

    pub(crate) fn all_of(user: UserId) -> String {
        format!("of/{user}/")
    }
}

impl Record for KeptReset {
    const SHELF: &'static str = "reset";

    fn key(&self) -> String {
        hex(self.0.id.as_bytes())
    }

    fn names(&self) -> BTreeSet<String> {
        [format!("{}{}", Self::all_of(self.0.user_id), self.key())].into()
    }
}

impl Record for Request {
    const SHELF: &'static str = "request";

    fn key(&self) -> String {
        format!("{}/{}", sortable(self.0.requested_at), self.0.id)
    }
}

impl Record for Noted {
    const SHELF: &'static str = "event";

    fn key(&self) -> String {
        self.0.id.to_string()
    }
}

impl TheSmtpServer {
    pub(crate) const KEY: &'static str = "it";
}

impl Record for TheSmtpServer {
    const SHELF: &'static str = "smtp_settings";

    fn key(&self) -> String {
        Self::KEY.to_owned()
    }
}

impl SetupLink {
    pub(crate) const KEY: &'static str = "it";

    pub(crate) fn is_live(&self, link: &SecretDigest, now: OffsetDateTime) -> bool {
        self.link == *link && now < self.expires_at
    }
}

impl Record for SetupLink {
    const SHELF: &'static str = "setup";

    fn key(&self) -> String {
        Self::KEY.to_owned()
    }
}
