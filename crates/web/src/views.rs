//! What each page shows, as data: one struct for each page, with its states as enums.
//!
//! Handlers fill these and know no markup; templates read them as `page` and decide nothing.

mod account;
mod entrance;
mod failure;
mod mail_log;
mod mail_settings;
mod people;
mod recovery;
pub(crate) mod samples;
#[cfg(test)]
mod tests;
mod validation;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use vestibule_domain::language::Language;

pub(crate) use self::account::{Account, AccountNotice, SessionRow};
pub(crate) use self::entrance::{Login, LoginNotice, Setup, SetupClosed, SignUp, SignUpClosed};
pub(crate) use self::failure::{Failure, FailureKind};
pub(crate) use self::mail_log::{MailKind, MailLog, MailLogNotice, MailRow, MailState};
pub(crate) use self::mail_settings::{
    MailForm, MailSettings, MailStatus, MailWarning, Origin, Protection, TestResult,
};
pub(crate) use self::people::{Deed, People, PeopleNotice, PersonRow};
pub(crate) use self::recovery::{ChoosePassword, DeadResetLink, RequestReset, ResetDone};
pub(crate) use self::validation::{FieldError, Mistake, field};

/// A page.
pub(crate) trait View: Serialize {
    /// Its template, below `templates/pages`.
    const TEMPLATE: &'static str;

    /// The text that names it in the window's title.
    fn title(&self) -> &'static str;

    /// How it stands with the form that the page is about, if there is one.
    fn form(&self) -> Option<&FormState> {
        None
    }

    /// Whether it reports an error, which its title then says first.
    fn reports_error(&self) -> bool {
        self.form().is_some_and(FormState::is_error)
    }

    /// Whether search engines are to leave it alone.
    fn is_private(&self) -> bool {
        false
    }
}

/// What all pages have around them.
pub(crate) struct Frame<'a> {
    /// What the page is written in.
    pub(crate) language: Language,
    /// Light or dark.
    pub(crate) theme: Theme,
    /// The product's name.
    pub(crate) product: &'a str,
    /// Where the theme and language forms return to. Never holds a token.
    pub(crate) path: &'a str,
    /// Proves that a form came from one of our pages.
    pub(crate) form_token: &'a str,
    /// Who is signed in.
    pub(crate) visitor: Option<Visitor<'a>>,
    /// Administrators are told that no relay is configured.
    pub(crate) mail_is_missing: bool,
}

/// Somebody who is signed in.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Visitor<'a> {
    /// Their address.
    pub(crate) email: &'a str,
    /// Whether they see the administration.
    pub(crate) is_admin: bool,
}

/// Light or dark, as a person wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Theme {
    /// As the device does.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Every theme, the default first.
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// As forms and cookies name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of exactly that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// How it stands with a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum FormState {
    /// Nothing was sent yet.
    #[default]
    Fresh,
    /// Something has to be changed before it can be sent again.
    Wrong {
        /// What, in the order of the fields.
        errors: Vec<FieldError>,
    },
    /// Too many were sent.
    Throttled {
        /// When the next one can succeed.
        wait_seconds: u64,
    },
    /// We could not do it; trying again may help.
    Failed,
}

impl FormState {
    /// Whether there is anything to tell.
    pub(crate) fn is_error(&self) -> bool {
        *self != Self::Fresh
    }
}

impl Serialize for FormState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The same fields in every state, so that templates need not ask first.
        #[derive(Default, Serialize)]
        struct Flat<'a> {
            is: &'static str,
            errors: &'a [FieldError],
            wait_seconds: u64,
        }
        let flat = match self {
            Self::Fresh => Flat { is: "fresh", ..Flat::default() },
            Self::Wrong { errors } => Flat { is: "wrong", errors, ..Flat::default() },
            Self::Throttled { wait_seconds } => {
                Flat { is: "throttled", wait_seconds: *wait_seconds, ..Flat::default() }
            }
            Self::Failed => Flat { is: "failed", ..Flat::default() },
        };
        flat.serialize(serializer)
    }
}

/// A point in time, for templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) OffsetDateTime);

impl From<OffsetDateTime> for Moment {
    fn from(at: OffsetDateTime) -> Self {
        Self(at)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.unix_timestamp())
    }
}
