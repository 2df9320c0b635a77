//! Flash messages: results that a page passes to the next one in a sealed cookie.
//!
//! Addresses and results stay out of URLs, which end up in histories and logs.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use vestibule_domain::ports::{SealPurpose, Sealer};

use crate::views::{MailNotice, UserNotice};

/// Lifetime of a flash message.
pub(crate) const TTL: Duration = Duration::minutes(10);

/// A message for the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Flash {
    /// A reset link was requested.
    ResetSent {
        /// The address as entered.
        email: String,
    },
    /// The password was reset.
    ResetDone,
    /// A reset link was invalid or expired.
    LinkInvalid,
    /// The user signed out.
    SignedOut,
    /// The password was changed.
    PasswordChanged,
    /// One session was ended.
    SessionEnded,
    /// All other sessions were ended.
    OthersEnded,
    /// An action on a user succeeded or failed.
    User {
        /// The result.
        notice: UserNotice,
    },
    /// A mail was resent, or could not be.
    Mail {
        /// The result.
        notice: MailNotice,
    },
    /// The SMTP settings were saved or tested.
    SmtpSettings {
        /// `true` if they were saved.
        saved: bool,
        /// Result of the test mail, if one was sent.
        test: Option<TestOutcome>,
    },
}

/// Result of a test mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TestOutcome {
    /// `true` if an SMTP server accepted the mail.
    pub(crate) sent: bool,
    /// Recipient of the mail.
    pub(crate) to: String,
    /// Response of the SMTP server, or a description of the error.
    pub(crate) text: String,
}

/// A flash message with its expiry, as stored in the cookie.
#[derive(Serialize, Deserialize)]
struct StoredFlash {
    until: i64,
    flash: Flash,
}

/// Returns the sealed cookie value; `None` if sealing fails, which only loses the message.
pub(crate) fn seal(sealer: &dyn Sealer, flash: Flash, now: OffsetDateTime) -> Option<String> {
    let stored = StoredFlash { until: (now + TTL).unix_timestamp(), flash };
    let text = serde_json::to_string(&stored).ok()?;
    sealer.seal(SealPurpose::Flash, &text).ok()
}

/// Opens a cookie value; `None` if it is forged or expired.
pub(crate) fn open(sealer: &dyn Sealer, value: &str, now: OffsetDateTime) -> Option<Flash> {
    let text = sealer.open(SealPurpose::Flash, value)?;
    let stored: StoredFlash = serde_json::from_str(&text).ok()?;
    (now.unix_timestamp() < stored.until).then_some(stored.flash)
}

#[cfg(test)]
mod tests {
    use vestibule_testkit::sealer::TestSealer;

    use super::*;
    use crate::views::UserAction;

    #[test]
    fn a_flash_message_expires_after_ten_minutes() {
        let sealer = TestSealer::default();
        let now = OffsetDateTime::UNIX_EPOCH;
        let email = "anna@example.com".to_owned();
        for flash in [
            Flash::ResetSent { email: email.clone() },
            Flash::User { notice: UserNotice::Done { action: UserAction::Promoted, email } },
            Flash::User { notice: UserNotice::OwnAccount },
            Flash::Mail { notice: MailNotice::NotPossible },
        ] {
            let value = seal(&sealer, flash.clone(), now).unwrap();
            let opened = |at| open(&sealer, &value, at);
            assert_eq!(opened(now + TTL - Duration::SECOND), Some(flash));
            assert_eq!(opened(now + TTL), None);
        }
        assert_eq!(open(&sealer, "forged", now), None);
    }
}
