//! Sample data of every page in every state, for checking templates at startup and in tests.

mod administration;

use time::macros::datetime;
use vestibule_domain::model::email::EmailError;
use vestibule_domain::model::password::PasswordError;
use vestibule_domain::model::username::UsernameError;

use super::{
    Account, AccountNotice, ChoosePassword, Failure, FailureKind, FieldError, FieldErrorKind,
    FormState, InvalidResetLink, Login, LoginNotice, Moment, PageData, RequestReset, ResetDone,
    SessionRow, Setup, SetupClosed, SignUp, SignUpClosed, View, field,
};

/// An email address with characters that need escaping.
pub(crate) const EMAIL: &str = "anna.o'hara+<b>@example.com";
/// A response of an SMTP server with characters that need escaping.
pub(crate) const REPLY: &str = "250 2.0.0 Ok: <queued> as 4F1A2B";
/// The form token of samples.
pub(crate) const FORM_TOKEN: &str = "f0rm-t0ken";

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                      (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

/// The data of a page in one of its states.
pub(crate) struct Sample {
    /// Name of page and state.
    pub(crate) name: String,
    /// `Some` if a user is signed in, with `true` for an administrator.
    pub(crate) signed_in: Option<bool>,
    /// Data for the template.
    pub(crate) data: PageData,
}

impl Sample {
    fn new<V: View>(name: &str, signed_in: Option<bool>, view: &V) -> Self {
        Self { name: name.to_owned(), signed_in, data: PageData::of(view) }
    }
}

/// Returns every page in every state.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = recovery();
    samples.extend(sign_in());
    samples.extend(account());
    samples.extend(administration::all());
    samples.extend(failures());
    samples
}

/// Returns the states of a form: fresh, with these errors, throttled and failed.
fn states(errors: Vec<FieldError>) -> [(&'static str, FormState); 4] {
    [
        ("fresh", FormState::Fresh),
        ("wrong", FormState::Wrong { errors }),
        ("throttled", FormState::Throttled { wait_seconds: 61 }),
        ("failed", FormState::Failed),
    ]
}

fn recovery() -> Vec<Sample> {
    let request = |state: FormState, sent: bool, signed_in: bool| RequestReset {
        action: "/password-reset".to_owned(),
        email: EMAIL.to_owned(),
        signed_in_as: signed_in.then(|| EMAIL.to_owned()),
        sent_to: sent.then(|| EMAIL.to_owned()),
        link_seconds: 1800,
        state,
    };
    let mut samples = vec![
        Sample::new("request-sent", None, &request(FormState::Fresh, true, false)),
        Sample::new("request-signed-in", Some(false), &request(FormState::Fresh, false, true)),
        Sample::new("reset-invalid", None, &InvalidResetLink { link_seconds: 5400 }),
        Sample::new("reset-done", None, &ResetDone { redirect_after_seconds: Some(2) }),
        Sample::new("reset-done-stays", None, &ResetDone { redirect_after_seconds: None }),
    ];
    for (name, state) in states(vec![FieldError::of_rule(field::EMAIL, EmailError::Format.into())])
    {
        samples.push(Sample::new(&format!("request-{name}"), None, &request(state, false, false)));
    }
    let wrong = vec![
        too_short(),
        FieldError::new(field::CONFIRM_PASSWORD, FieldErrorKind::PasswordMismatch),
    ];
    let guessable = FieldError::of_rule(field::NEW_PASSWORD, PasswordError::Personal.into());
    let guessable = ("guessable", FormState::Wrong { errors: vec![guessable] });
    for (name, state) in states(wrong).into_iter().chain([guessable]) {
        let view = ChoosePassword {
            action: "/password-reset".to_owned(),
            token: "v4.public.t0ken".to_owned(),
            email: EMAIL.to_owned(),
            password_min: 12,
            link_seconds: 1800,
            state,
        };
        samples.push(Sample::new(&format!("reset-{name}"), None, &view));
    }
    samples
}

fn sign_in() -> Vec<Sample> {
    let login = |notice: Option<LoginNotice>, state: FormState, open: bool| Login {
        email: EMAIL.to_owned(),
        next: open.then(|| "/account".to_owned()),
        signup_is_open: open,
        notice,
        state,
    };
    let mut samples: Vec<_> = [
        ("login-signed-out", LoginNotice::SignedOut),
        ("login-expired", LoginNotice::SessionExpired),
        ("login-reset-done", LoginNotice::ResetDone),
        ("login-link-invalid", LoginNotice::LinkInvalid),
    ]
    .into_iter()
    .map(|(name, notice)| Sample::new(name, None, &login(Some(notice), FormState::Fresh, true)))
    .collect();
    samples.push(Sample::new("login-closed", None, &login(None, FormState::Fresh, false)));
    samples.push(Sample::new("signup-closed", None, &SignUpClosed {}));
    samples.push(Sample::new("setup-closed", None, &SetupClosed {}));
    for (name, state) in
        states(vec![FieldError::new(field::PASSWORD, FieldErrorKind::InvalidCredentials)])
    {
        samples.push(Sample::new(&format!("login-{name}"), None, &login(None, state, true)));
    }
    let inactive = FieldError::new(field::EMAIL, FieldErrorKind::AccountInactive);
    let inactive = login(None, FormState::Wrong { errors: vec![inactive] }, true);
    samples.push(Sample::new("login-inactive", None, &inactive));
    let wrong = vec![
        FieldError::new(field::EMAIL, FieldErrorKind::EmailTaken),
        FieldError::of_rule(field::USERNAME, UsernameError::Characters.into()),
        too_short(),
    ];
    for (name, state) in states(wrong) {
        let (email, username) = (EMAIL.to_owned(), "anna".to_owned());
        let setup = Setup {
            token: "5e7".to_owned(),
            email: email.clone(),
            username: username.clone(),
            password_min: 12,
            state: state.clone(),
        };
        let signup = SignUp { email, username, password_min: 12, state };
        samples.push(Sample::new(&format!("signup-{name}"), None, &signup));
        samples.push(Sample::new(&format!("setup-{name}"), None, &setup));
    }
    samples
}

fn too_short() -> FieldError {
    FieldError::of_rule(field::NEW_PASSWORD, PasswordError::TooShort { min: 12 }.into())
}

fn moment() -> Moment {
    datetime!(2026-11-20 13:32:05 UTC).into()
}

fn account() -> Vec<Sample> {
    let session = |id: &str, agent: Option<&str>, current: bool| SessionRow {
        id: id.to_owned(),
        user_agent: agent.map(str::to_owned),
        ip: agent.map(|_| "2001:db8::7".to_owned()),
        last_seen: moment(),
        created: moment(),
        current,
    };
    let view = |notice: Option<AccountNotice>, state: FormState, others: bool| {
        let mut sessions = vec![session("a", Some(FIREFOX), true)];
        if others {
            sessions.push(session("b", Some(SAFARI), false));
            sessions.push(session("c", None, false));
        }
        Account {
            email: EMAIL.to_owned(),
            username: "anna".to_owned(),
            is_admin: others,
            password_min: 12,
            notice,
            state,
            sessions,
        }
    };
    let mut samples: Vec<_> = [
        ("account-password-changed", AccountNotice::PasswordChanged),
        ("account-session-ended", AccountNotice::SessionEnded),
        ("account-others-ended", AccountNotice::OthersEnded),
    ]
    .into_iter()
    .map(|(name, notice)| {
        Sample::new(name, Some(false), &view(Some(notice), FormState::Fresh, false))
    })
    .collect();
    let wrong = vec![
        FieldError::new(field::CURRENT_PASSWORD, FieldErrorKind::CurrentPasswordWrong),
        too_short(),
        FieldError::new(field::CONFIRM_PASSWORD, FieldErrorKind::PasswordMismatch),
    ];
    for (name, state) in states(wrong) {
        samples.push(Sample::new(&format!("account-{name}"), Some(true), &view(None, state, true)));
    }
    samples
}

fn failures() -> impl Iterator<Item = Sample> {
    let expired = std::iter::once((0, FailureKind::FormExpired));
    let statuses = [400, 403, 404, 405, 408, 413, 429, 500, 503];
    let of_status = statuses.map(|status| (status, FailureKind::of_status(status)));
    expired.chain(of_status).map(|(status, kind)| {
        let reference = (status == 500).then(|| "0192f3c4".to_owned());
        Sample::new(&format!("failure-{status}"), None, &Failure { kind, reference })
    })
}
