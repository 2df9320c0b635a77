//! The administrator's page for the relay that takes outgoing mail.

use std::collections::BTreeMap;

use serde::Serialize;
use vestibule_domain::relay::RelayHost;

use super::{FormState, Moment, View};

/// The settings of outgoing mail.
#[derive(Serialize)]
pub(crate) struct MailSettings {
    /// How it stands with outgoing mail.
    pub(crate) status: MailStatus,
    /// What stands in the fields.
    pub(crate) form: MailForm,
    /// Where each value is set, by the field's id, if the configuration sets them: then nothing
    /// can be changed here.
    pub(crate) fixed: Option<BTreeMap<&'static str, Origin>>,
    /// Whether the administrator has to prove who it is.
    pub(crate) confirm_identity: bool,
    /// Whether the settings were just saved.
    pub(crate) saved: bool,
    /// What came of the test that was just sent.
    pub(crate) test: Option<TestResult>,
    /// What looks like a mistake.
    pub(crate) warning: Option<MailWarning>,
    /// How it stands with the form.
    pub(crate) state: FormState,
}

/// How it stands with outgoing mail.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum MailStatus {
    /// There is no relay.
    NotConfigured,
    /// This is a try-out: mails are kept, whatever is described here.
    Kept,
    /// The relay's password cannot be read any more.
    PasswordLost,
    /// There is one, and nobody has tried it.
    Untested,
    /// A test was taken.
    Working {
        /// To whom it went.
        to: String,
        /// When.
        at: Moment,
    },
    /// The latest test was not taken.
    Failing {
        /// When.
        at: Moment,
    },
}

/// What stands in the fields, as typed. The password is never among them.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct MailForm {
    /// The relay's host.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: String,
    /// How the connection is protected.
    pub(crate) security: Protection,
    /// Whom to sign in as.
    pub(crate) smtp_username: String,
    /// Whether a password is kept.
    pub(crate) password_is_set: bool,
    /// Whether it is to be removed.
    pub(crate) remove_password: bool,
    /// The sender's address.
    pub(crate) from_email: String,
    /// The sender's name.
    pub(crate) from_name: String,
    /// Where the test goes.
    pub(crate) test_to: String,
}

/// How a connection to a relay is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protection {
    /// Changes to TLS before anything is said.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None.
    None,
}

/// Where the configuration sets a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Origin {
    /// In an environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// In a file.
    File {
        /// Its name.
        name: String,
    },
}

/// What came of a test.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum TestResult {
    /// The relay took it.
    Sent {
        /// To whom it went.
        to: String,
        /// What the relay said.
        reply: String,
    },
    /// The relay did not take it.
    NotSent {
        /// Why, and what to do, in the page's language.
        explanation: String,
    },
}

/// A combination that is legal and seldom meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailWarning {
    /// Port 465 speaks TLS from the first byte.
    StartTlsOnTlsPort,
    /// Port 587 begins in the clear.
    TlsOnStartTlsPort,
    /// Mails are readable on their way to another machine.
    NoProtection,
}

impl MailWarning {
    /// What to warn of.
    pub(crate) fn of(host: &str, port: u16, security: Protection) -> Option<Self> {
        let loopback = RelayHost::parse(host).is_ok_and(|host| host.is_loopback());
        match (security, port) {
            (Protection::StartTls, 465) => Some(Self::StartTlsOnTlsPort),
            (Protection::Tls, 587 | 25) => Some(Self::TlsOnStartTlsPort),
            (Protection::None, _) if !loopback => Some(Self::NoProtection),
            _ => None,
        }
    }
}

impl View for MailSettings {
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
    fn unusual_combinations_are_warned_of() {
        use Protection::{None as Unprotected, StartTls, Tls};
        for (host, port, security, warning) in [
            ("smtp.example.com", 587, StartTls, None),
            ("smtp.example.com", 465, Tls, None),
            ("smtp.example.com", 2525, Tls, None),
            ("smtp.example.com", 465, StartTls, Some(MailWarning::StartTlsOnTlsPort)),
            ("smtp.example.com", 587, Tls, Some(MailWarning::TlsOnStartTlsPort)),
            ("smtp.example.com", 25, Unprotected, Some(MailWarning::NoProtection)),
            ("10.0.0.5", 25, Unprotected, Some(MailWarning::NoProtection)),
            ("localhost", 1025, Unprotected, None),
            ("127.0.0.1", 1025, Unprotected, None),
            ("::1", 25, Unprotected, None),
            ("LocalHost", 25, Unprotected, None),
            ("::ffff:127.0.0.1", 25, Unprotected, None),
            ("no host", 25, Unprotected, Some(MailWarning::NoProtection)),
        ] {
            assert_eq!(MailWarning::of(host, port, security), warning, "{host}:{port}");
        }
    }
}
