//! What one page tells the next, in a cookie that only we can write and read.
//!
//! Addresses and outcomes stay out of URLs, which end up in histories and logs.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use vestibule_domain::ports::{SealPurpose, Sealer};

use crate::views::{MailLogNotice, PeopleNotice};

/// How long it is worth telling.
pub(crate) const LASTS: Duration = Duration::minutes(10);

/// What was just done, for the page that comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Flash {
    /// A link was asked for, for this address.
    ResetSent {
        /// The address, as it was typed.
        email: String,
    },
    /// The password was reset.
    ResetDone,
    /// A reset link did not work.
    LinkInvalid,
    /// Somebody signed out.
    SignedOut,
    /// The password was changed.
    PasswordChanged,
    /// One session was ended.
    SessionEnded,
    /// All other sessions were ended.
    OthersEnded,
    /// Something was done to an account, or could not be.
    Person {
        /// What became of it.
        notice: PeopleNotice,
    },
    /// A mail was to be sent again.
    Mail {
        /// What became of it.
        notice: MailLogNotice,
    },
    /// The mail settings were saved or tried.
    MailSettings {
        /// Whether they were saved.
        saved: bool,
        /// What came of the test, if there was one.
        test: Option<TestOutcome>,
    },
}

/// What came of a test mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TestOutcome {
    /// Whether a relay took it.
    pub(crate) sent: bool,
    /// To whom it went.
    pub(crate) to: String,
    /// What the relay said, or what to do next.
    pub(crate) words: String,
}

#[derive(Serialize, Deserialize)]
struct Note {
    until: i64,
    flash: Flash,
}

/// Puts it into a cookie's value; `None` if it cannot be: a message more or less.
pub(crate) fn seal(sealer: &dyn Sealer, flash: Flash, now: OffsetDateTime) -> Option<String> {
    let note = Note { until: (now + LASTS).unix_timestamp(), flash };
    let text = serde_json::to_string(&note).ok()?;
    sealer.seal(SealPurpose::Flash, &text).ok()
}

/// Takes it out again, unless it is none of ours or too old.
pub(crate) fn open(sealer: &dyn Sealer, value: &str, now: OffsetDateTime) -> Option<Flash> {
    let text = sealer.open(SealPurpose::Flash, value)?;
    let note: Note = serde_json::from_str(&text).ok()?;
    (now.unix_timestamp() < note.until).then_some(note.flash)
}

#[cfg(test)]
mod tests {
    use vestibule_testkit::sealer::TestSealer;

    use super::*;
    use crate::views::Deed;

    #[test]
    fn it_is_told_for_ten_minutes() {
        let sealer = TestSealer::default();
        let now = OffsetDateTime::UNIX_EPOCH;
        let email = "anna@example.com".to_owned();
        for flash in [
            Flash::ResetSent { email: email.clone() },
            Flash::Person { notice: PeopleNotice::Done { deed: Deed::Promoted, email } },
            Flash::Person { notice: PeopleNotice::Yourself },
            Flash::Mail { notice: MailLogNotice::NotPossible },
        ] {
            let value = seal(&sealer, flash.clone(), now).unwrap();
            let told = |at| open(&sealer, &value, at);
            assert_eq!(told(now + LASTS - Duration::SECOND), Some(flash));
            assert_eq!(told(now + LASTS), None);
        }
        assert_eq!(open(&sealer, "forged", now), None);
    }
}
