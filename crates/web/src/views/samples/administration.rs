//! The administration pages in every state.

use std::collections::BTreeMap;

use vestibule_domain::model::smtp_settings::SmtpSettingsError;

use super::super::{
    FieldError, FieldErrorKind, FormState, MailKind, MailList, MailNotice, MailRow, MailState,
    Origin, SecurityOption, SmtpForm, SmtpSettingsView, SmtpStatus, SmtpWarning, TestResult,
    UserAction, UserList, UserNotice, UserRow, field,
};
use super::{EMAIL, REPLY, Sample, moment, states};

pub(super) fn all() -> Vec<Sample> {
    let mut samples = smtp_settings();
    samples.extend(users());
    samples.extend(mails());
    samples
}

fn smtp_settings() -> Vec<Sample> {
    let form = SmtpForm {
        host: "smtp.example.com".to_owned(),
        port: "587".to_owned(),
        security: SecurityOption::StartTls,
        smtp_username: "mailer".to_owned(),
        password_is_set: true,
        remove_password: false,
        from_email: "no-reply@example.com".to_owned(),
        from_name: "Acme".to_owned(),
        test_to: EMAIL.to_owned(),
    };
    let view = |status: SmtpStatus, state: FormState, test: Option<TestResult>| SmtpSettingsView {
        status,
        form: form.clone(),
        fixed: None,
        confirm_identity: true,
        saved: true,
        test,
        warning: None,
        state,
    };
    let working = || SmtpStatus::Working { to: EMAIL.to_owned(), at: moment() };
    let failing = || SmtpStatus::Failing { at: moment() };
    let sent = TestResult::Sent { to: EMAIL.to_owned(), reply: REPLY.to_owned() };
    let not_sent = TestResult::NotSent {
        explanation: "[smtp.example.com answered: 535 5.7.8 <no>. Check the password.]".to_owned(),
    };
    let empty = SmtpSettingsView {
        form: SmtpForm { port: "587".to_owned(), ..SmtpForm::default() },
        confirm_identity: false,
        saved: false,
        ..view(SmtpStatus::NotConfigured, FormState::Fresh, None)
    };
    let warned = |warning: SmtpWarning| SmtpSettingsView {
        warning: Some(warning),
        ..view(SmtpStatus::Untested, FormState::Fresh, None)
    };
    let variable = Origin::Environment { variable: "VESTIBULE_MAIL__HOST".to_owned() };
    let file = Origin::File { name: "vestibule.toml".to_owned() };
    let fixed = BTreeMap::from([(field::HOST, variable), (field::SECURITY, file)]);
    let fixed = |protection: SecurityOption| SmtpSettingsView {
        form: SmtpForm { security: protection, ..form.clone() },
        fixed: Some(fixed.clone()),
        saved: false,
        ..view(working(), FormState::Fresh, None)
    };
    let mut samples = vec![
        Sample::new("settings-empty", Some(true), &empty),
        Sample::new("settings-kept", Some(true), &view(SmtpStatus::Kept, FormState::Fresh, None)),
        Sample::new(
            "settings-lost",
            Some(true),
            &view(SmtpStatus::PasswordLost, FormState::Fresh, None),
        ),
        Sample::new(
            "settings-starttls-on-465",
            Some(true),
            &warned(SmtpWarning::StartTlsOnTlsPort),
        ),
        Sample::new("settings-tls-on-587", Some(true), &warned(SmtpWarning::TlsOnStartTlsPort)),
        Sample::new("settings-unprotected", Some(true), &warned(SmtpWarning::NoProtection)),
        Sample::new("settings-sent", Some(true), &view(working(), FormState::Fresh, Some(sent))),
        Sample::new("settings-not-sent", Some(true), &{
            view(failing(), FormState::Fresh, Some(not_sent))
        }),
        Sample::new("settings-fixed", Some(true), &fixed(SecurityOption::StartTls)),
        Sample::new("settings-fixed-tls", Some(true), &fixed(SecurityOption::Tls)),
        Sample::new("settings-fixed-none", Some(true), &fixed(SecurityOption::None)),
    ];
    for (name, state) in states(wrong_settings()) {
        let view = view(SmtpStatus::Untested, state, None);
        samples.push(Sample::new(&format!("settings-{name}"), Some(true), &view));
    }
    samples
}

/// Returns all errors of the settings form.
fn wrong_settings() -> Vec<FieldError> {
    let broken = |field, error: SmtpSettingsError| FieldError::of_rule(field, error.into());
    vec![
        broken(field::HOST, SmtpSettingsError::HostMissing),
        broken(field::PORT, SmtpSettingsError::PortRange),
        broken(field::SECURITY, SmtpSettingsError::UnencryptedCredentials),
        broken(field::SMTP_USERNAME, SmtpSettingsError::Credentials),
        broken(field::SMTP_PASSWORD, SmtpSettingsError::PasswordAgain),
        FieldError::new(field::FROM_EMAIL, FieldErrorKind::FromFormat),
        broken(field::FROM_NAME, SmtpSettingsError::SenderName),
        FieldError::new(field::TEST_TO, FieldErrorKind::TestToMissing),
        FieldError::new(field::YOUR_PASSWORD, FieldErrorKind::OwnPasswordWrong),
    ]
}

fn users() -> Vec<Sample> {
    let user = |id: &str, is_active: bool, is_admin: bool, is_you: bool| UserRow {
        id: id.to_owned(),
        email: format!("{id}-{EMAIL}"),
        username: id.to_owned(),
        is_active,
        is_admin,
        is_you,
        created: moment(),
    };
    let view = |notice: Option<UserNotice>| UserList {
        query: "anna".to_owned(),
        rows: vec![
            user("you", true, true, true),
            user("bea", true, true, false),
            user("cem", true, false, false),
            user("dov", false, false, false),
        ],
        next: Some("/admin/users?query=anna&cursor=x".to_owned()),
        notice,
    };
    let done = |action: UserAction| UserNotice::Done { action, email: EMAIL.to_owned() };
    let none =
        |query: &str| UserList { query: query.to_owned(), rows: vec![], next: None, notice: None };
    let mut samples = vec![
        Sample::new("users", Some(true), &view(None)),
        Sample::new("users-none-found", Some(true), &none("<x@y>")),
        Sample::new("users-none", Some(true), &none("")),
    ];
    for (name, notice) in [
        ("activated", done(UserAction::Activated)),
        ("deactivated", done(UserAction::Deactivated)),
        ("reset-sent", done(UserAction::ResetSent)),
        ("sessions-ended", done(UserAction::SessionsEnded)),
        ("promoted", done(UserAction::Promoted)),
        ("demoted", done(UserAction::Demoted)),
        ("gone", UserNotice::Gone),
        ("yourself", UserNotice::OwnAccount),
        ("inactive", UserNotice::Inactive),
        ("failed", UserNotice::Failed),
    ] {
        samples.push(Sample::new(&format!("users-{name}"), Some(true), &view(Some(notice))));
    }
    samples
}

fn mails() -> Vec<Sample> {
    let at = moment();
    let mail = |id: &str, kind: MailKind, state: MailState| MailRow {
        id: id.to_owned(),
        kind,
        recipient: EMAIL.to_owned(),
        state,
        attempts: 3,
        queued: moment(),
        reason: None,
        can_resend: false,
    };
    let failed = MailRow {
        reason: Some("550 5.1.1 <x@y>".to_owned()),
        can_resend: true,
        ..mail("c", MailKind::PasswordChanged, MailState::Failed { at })
    };
    let withdrawn =
        MailRow { attempts: 0, ..mail("d", MailKind::ResetLink, MailState::Withdrawn { at }) };
    let rows = vec![
        mail("a", MailKind::ResetLink, MailState::Waiting { next_attempt: at }),
        mail("b", MailKind::Welcome, MailState::Sent { at }),
        failed,
        withdrawn,
        mail("e", MailKind::PasswordDisabled, MailState::Sent { at }),
        mail("f", MailKind::SignInAfterFailures, MailState::Sent { at }),
        mail("g", MailKind::RefreshTokenReused, MailState::Sent { at }),
    ];
    let view = |notice: Option<MailNotice>| MailList {
        rows: rows.clone(),
        next: Some("/admin/mail?cursor=x".to_owned()),
        notice,
    };
    vec![
        Sample::new("mail", Some(true), &view(None)),
        Sample::new("mail-queued", Some(true), &view(Some(MailNotice::Queued))),
        Sample::new("mail-not-possible", Some(true), &view(Some(MailNotice::NotPossible))),
        Sample::new("mail-failed", Some(true), &view(Some(MailNotice::Failed))),
        Sample::new("mail-none", Some(true), &MailList { rows: vec![], next: None, notice: None }),
    ]
}
