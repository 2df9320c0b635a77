//! The SMTP settings page for administrators.

use std::collections::BTreeMap;

use serde::Serialize;
use vestibule_domain::model::smtp_settings::SmtpHost;

use super::{FormState, Moment, View};

/// The SMTP settings page.
#[derive(Serialize)]
pub(crate) struct SmtpSettingsView {
    /// Status of outgoing mail.
    pub(crate) status: SmtpStatus,
    /// Values of the fields.
    pub(crate) form: SmtpForm,
    /// Source of each value by field id, if the settings come from the configuration; they are
    /// read-only then.
    pub(crate) fixed: Option<BTreeMap<&'static str, Origin>>,
    /// `true` if the administrator has to reauthenticate.
    pub(crate) confirm_identity: bool,
    /// `true` if the settings were just saved.
    pub(crate) saved: bool,
    /// Result of the test mail that was just sent.
    pub(crate) test: Option<TestResult>,
    /// Warning about an unusual combination.
    pub(crate) warning: Option<SmtpWarning>,
    /// State of the form.
    pub(crate) state: FormState,
}

/// Status of outgoing mail.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum SmtpStatus {
    /// No SMTP server is configured.
    NotConfigured,
    /// Development mode: mails are kept in the dev mailbox.
    Kept,
    /// The saved password cannot be decrypted.
    PasswordLost,
    /// Saved, not tested.
    Untested,
    /// The last test mail was accepted.
    Working {
        /// Recipient of the test mail.
        to: String,
        /// Time of the test.
        at: Moment,
    },
    /// The last test mail failed.
    Failing {
        /// Time of the test.
        at: Moment,
    },
}

/// Values of the fields as entered, without the password.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct SmtpForm {
    /// Host of the SMTP server.
    pub(crate) host: String,
    /// Port of the SMTP server.
    pub(crate) port: String,
    /// Security of the connection.
    pub(crate) security: SecurityOption,
    /// Username at the SMTP server.
    pub(crate) smtp_username: String,
    /// `true` if a password is saved.
    pub(crate) password_is_set: bool,
    /// `true` if the saved password is to be removed.
    pub(crate) remove_password: bool,
    /// Email address of the sender.
    pub(crate) from_email: String,
    /// Name of the sender.
    pub(crate) from_name: String,
    /// Recipient of the test mail.
    pub(crate) test_to: String,
}

/// Security of the connection to an SMTP server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SecurityOption {
    /// STARTTLS.
    #[default]
    StartTls,
    /// TLS from the start.
    Tls,
    /// No encryption.
    None,
}

/// Source of a configured value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Origin {
    /// An environment variable.
    Environment {
        /// Name of the variable or file.
        variable: String,
    },
    /// A file.
    File {
        /// Name of the variable or file.
        name: String,
    },
}

/// Result of a test mail.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum TestResult {
    /// The SMTP server accepted it.
    Sent {
        /// Recipient of the test mail.
        to: String,
        /// Response of the SMTP server.
        reply: String,
    },
    /// It was not sent.
    NotSent {
        /// Description of the error in the language of the page.
        explanation: String,
    },
}

/// An unusual combination of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SmtpWarning {
    /// STARTTLS on port 465, which uses TLS from the start.
    StartTlsOnTlsPort,
    /// TLS on port 587 or 25, which use STARTTLS.
    TlsOnStartTlsPort,
    /// No encryption on the way to another machine.
    NoProtection,
}

impl SmtpWarning {
    /// Returns the warning for a combination of settings, if any.
    pub(crate) fn of(host: &str, port: u16, security: SecurityOption) -> Option<Self> {
        let loopback = SmtpHost::parse(host).is_ok_and(|host| host.is_loopback());
        match (security, port) {
            (SecurityOption::StartTls, 465) => Some(Self::StartTlsOnTlsPort),
            (SecurityOption::Tls, 587 | 25) => Some(Self::TlsOnStartTlsPort),
            (SecurityOption::None, _) if !loopback => Some(Self::NoProtection),
            _ => None,
        }
    }
}

impl View for SmtpSettingsView {
    const TEMPLATE: &'static str = "pages/admin_settings.html";

    fn title(&self) -> &'static str {
        "admin.settingsTitle"
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.state)
    }

    fn reports_error(&self) -> bool {
        self.state.is_error() || matches!(self.test, Some(TestResult::NotSent { .. }))
    }

    fn is_private(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_combinations_have_a_warning() {
        use SecurityOption::{None as Unprotected, StartTls, Tls};
        for (host, port, security, warning) in [
            ("smtp.example.com", 587, StartTls, None),
            ("smtp.example.com", 465, Tls, None),
            ("smtp.example.com", 2525, Tls, None),
            ("smtp.example.com", 465, StartTls, Some(SmtpWarning::StartTlsOnTlsPort)),
            ("smtp.example.com", 587, Tls, Some(SmtpWarning::TlsOnStartTlsPort)),
            ("smtp.example.com", 25, Unprotected, Some(SmtpWarning::NoProtection)),
            ("10.0.0.5", 25, Unprotected, Some(SmtpWarning::NoProtection)),
            ("localhost", 1025, Unprotected, None),
            ("127.0.0.1", 1025, Unprotected, None),
            ("::1", 25, Unprotected, None),
            ("LocalHost", 25, Unprotected, None),
            ("::ffff:127.0.0.1", 25, Unprotected, None),
            ("no host", 25, Unprotected, Some(SmtpWarning::NoProtection)),
        ] {
            assert_eq!(SmtpWarning::of(host, port, security), warning, "{host}:{port}");
        }
    }
}
