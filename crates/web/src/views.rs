//! Data of the pages: one struct for each page, with its states as enums.
//!
//! Handlers fill views and contain no markup; templates read them as `page` and contain no logic.

mod account;
mod failure;
mod mail;
mod recovery;
pub(crate) mod samples;
mod sign_in;
mod smtp_settings;
#[cfg(test)]
mod tests;
mod users;
mod validation;

use minijinja::Value;
use minijinja::value::Serde;
use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use vestibule_domain::model::language::Language;

pub(crate) use self::account::{Account, AccountNotice, SessionRow};
pub(crate) use self::failure::{Failure, FailureKind};
pub(crate) use self::mail::{MailKind, MailList, MailNotice, MailRow, MailState};
pub(crate) use self::recovery::{ChoosePassword, InvalidResetLink, RequestReset, ResetDone};
pub(crate) use self::sign_in::{Login, LoginNotice, Setup, SetupClosed, SignUp, SignUpClosed};
pub(crate) use self::smtp_settings::{
    Origin, SecurityOption, SmtpForm, SmtpSettingsView, SmtpStatus, SmtpWarning, TestResult,
};
pub(crate) use self::users::{UserAction, UserList, UserNotice, UserRow};
pub(crate) use self::validation::{FieldError, FieldErrorKind, field};

/// The data of a page.
pub(crate) trait View: Serialize {
    /// Name of the template.
    const TEMPLATE: &'static str;

    /// Returns the key of the page title.
    fn title(&self) -> &'static str;

    /// Returns the state of the form of the page, if it has one.
    fn form(&self) -> Option<&FormState> {
        None
    }

    /// Returns `true` if the page reports an error; its title then starts with "Error:".
    fn reports_error(&self) -> bool {
        self.form().is_some_and(FormState::is_error)
    }

    /// Returns `true` if search engines must not index the page.
    fn is_private(&self) -> bool {
        false
    }
}

/// A view as data for its template.
pub(crate) struct PageData {
    /// Name of the template.
    pub(crate) template: &'static str,
    /// Key of the page title.
    pub(crate) title: &'static str,
    /// `true` if the page reports an error.
    pub(crate) reports_error: bool,
    /// `true` if search engines must not index the page.
    pub(crate) is_private: bool,
    /// The view, as `page` in the template.
    pub(crate) page: Value,
}

impl PageData {
    /// Returns the data of a view.
    pub(crate) fn of<V: View>(view: &V) -> Self {
        Self {
            template: V::TEMPLATE,
            title: view.title(),
            reports_error: view.reports_error(),
            is_private: view.is_private(),
            page: Value::from(Serde(view)),
        }
    }
}

/// Data of the layout around all pages.
pub(crate) struct Frame<'a> {
    /// Language of the page.
    pub(crate) language: Language,
    /// The theme.
    pub(crate) theme: Theme,
    /// Product name.
    pub(crate) product: &'a str,
    /// The page to which the theme and language forms return. Never contains a token.
    pub(crate) path: &'a str,
    /// Token of all forms of the page.
    pub(crate) form_token: &'a str,
    /// The signed-in user.
    pub(crate) visitor: Option<Visitor<'a>>,
    /// If `true`, administration pages warn that no SMTP server is configured.
    pub(crate) mail_is_missing: bool,
}

/// The signed-in user.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Visitor<'a> {
    /// Email address.
    pub(crate) email: &'a str,
    /// `true` if the user is an administrator.
    pub(crate) is_admin: bool,
}

/// A colour theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Theme {
    /// The theme of the device.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every theme, the default first.
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Returns the name of the theme in forms and cookies.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the theme with that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// State of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum FormState {
    /// The form was not sent yet.
    #[default]
    Fresh,
    /// Fields have errors.
    Wrong {
        /// The errors, in the order of the fields.
        errors: Vec<FieldError>,
    },
    /// The rate limit was exceeded.
    Throttled {
        /// Seconds to wait.
        wait_seconds: u64,
    },
    /// The service failed; another attempt may succeed.
    Failed,
}

impl FormState {
    /// Returns `true` if the form has an error.
    pub(crate) fn is_error(&self) -> bool {
        *self != Self::Fresh
    }
}

impl Serialize for FormState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The same fields in every state, so that templates can read them without checks.
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

/// A time, serialized as seconds since the Unix epoch.
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
