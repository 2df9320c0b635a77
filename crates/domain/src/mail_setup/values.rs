//! What goes in and comes out of setting up mail.

use std::num::NonZeroU16;

use crate::email::EmailAddress;
use crate::ports::{MailError, Receipt};
use crate::relay::{Relay, RelayHost, RelayPassword, RelaySecurity, RelayTest, SenderName};

/// What an administrator may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// The relay without its credentials; `None` when nobody has described one.
    pub relay: Option<Relay>,
    /// The account at the relay.
    pub username: Option<String>,
    /// Whether there is a password. Which one is never shown.
    pub has_password: bool,
    /// Whether the password cannot be read any more, because its key is gone: nothing is sent until
    /// it is given again.
    pub is_password_lost: bool,
    /// Who has decided all this.
    pub origin: MailOrigin,
    /// What came of the latest test of these settings.
    pub tested: Option<RelayTest>,
}

/// Who has decided where mail goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailOrigin {
    /// The configuration, for good.
    Configuration,
    /// An administrator; or nobody yet.
    Administrator,
    /// Nobody: mails are kept instead of sent, whatever is described.
    Kept,
}

impl MailSettings {
    /// Whether nothing can be changed while the service runs.
    pub fn is_set_by_configuration(&self) -> bool {
        self.origin == MailOrigin::Configuration
    }
}

/// What an administrator wants to be so.
#[derive(Clone, Debug)]
pub struct DescribeRelay {
    /// Name or address of the relay.
    pub host: RelayHost,
    /// Its port.
    pub port: NonZeroU16,
    /// How the connection is protected.
    pub security: RelaySecurity,
    /// The account there; `None` to sign in as nobody.
    pub username: Option<String>,
    /// Its password.
    pub password: NewPassword,
    /// The sender of every mail.
    pub from_address: EmailAddress,
    /// The sender's name.
    pub from_name: Option<SenderName>,
}

/// What is to become of the relay's password.
#[derive(Clone, Debug)]
pub enum NewPassword {
    /// It stays, as long as it goes where it went before.
    Keep,
    /// It is forgotten, and with it the user name.
    Remove,
    /// This is the one.
    Set(RelayPassword),
}

/// What came of a test mail.
#[derive(Debug)]
pub struct Tested {
    /// Where it went, when, and whether it was taken.
    pub test: RelayTest,
    /// What the relay said, or why it was not reached.
    pub reply: Result<Receipt, MailError>,
}
