//! Inputs and outputs of the SMTP settings use cases.

use std::num::NonZeroU16;

use crate::model::email::EmailAddress;
use crate::model::smtp_settings::{
    SenderName, SmtpHost, SmtpPassword, SmtpSecurity, SmtpSettings, SmtpTest,
};
use crate::ports::{MailError, Receipt};

/// The current settings, as administrators see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// The settings without credentials; `None` if there are none.
    pub smtp: Option<SmtpSettings>,
    /// The username for the SMTP server.
    pub username: Option<String>,
    /// `true` if there is a password, which is never shown.
    pub has_password: bool,
    /// `true` if the password cannot be decrypted, because its key is gone. No mail is sent until it is
    /// entered again.
    pub is_password_lost: bool,
    /// The source of the settings.
    pub origin: SmtpSettingsSource,
    /// The result of the latest test of these settings.
    pub tested: Option<SmtpTest>,
}

/// The source of SMTP settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSettingsSource {
    /// The configuration; read-only.
    Configuration,
    /// An administrator, or no settings yet.
    Administrator,
    /// The dev mailbox: mails are not sent.
    Kept,
}

impl MailSettings {
    /// Returns `true` if the settings are read-only.
    pub fn is_set_by_configuration(&self) -> bool {
        self.origin == SmtpSettingsSource::Configuration
    }
}

/// The input of [`SmtpAdministration::save`](super::SmtpAdministration::save).
#[derive(Clone, Debug)]
pub struct UpdateSmtpSettings {
    /// Name or IP address of the SMTP server.
    pub host: SmtpHost,
    /// The port.
    pub port: NonZeroU16,
    /// Security of the connection.
    pub security: SmtpSecurity,
    /// The username; `None` for no authentication.
    pub username: Option<String>,
    /// The change of the password.
    pub password: NewPassword,
    /// The sender of every mail.
    pub from_address: EmailAddress,
    /// The sender's name.
    pub from_name: Option<SenderName>,
}

/// The change of the SMTP password.
#[derive(Clone, Debug)]
pub enum NewPassword {
    /// Keep it, if the server is the same.
    Keep,
    /// Remove it and the username.
    Remove,
    /// Set this one.
    Set(SmtpPassword),
}

/// The result of a test mail.
#[derive(Debug)]
pub struct TestMailResult {
    /// Recipient, time and success.
    pub test: SmtpTest,
    /// The reply of the SMTP server, or the error.
    pub reply: Result<Receipt, MailError>,
}
