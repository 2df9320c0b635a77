//! The pages of the administration in every state.

use std::collections::BTreeMap;

use vestibule_domain::relay::RelayError;

use super::super::{
    Deed, FieldError, FormState, MailForm, MailKind, MailLog, MailLogNotice, MailRow, MailSettings,
    MailState, MailStatus, MailWarning, Mistake, Origin, People, PeopleNotice, PersonRow,
    Protection, TestResult, field,
};
use super::{EMAIL, REPLY, Sample, moment, states};

pub(super) fn all() -> Vec<Sample> {
    let mut samples = mail_settings();
    samples.extend(people());
    samples.extend(mail_log());
    samples
}

fn mail_settings() -> Vec<Sample> {
    let form = MailForm {
        host: "smtp.example.com".to_owned(),
        port: "587".to_owned(),
        security: Protection::StartTls,
        smtp_username: "mailer".to_owned(),
        password_is_set: true,
        remove_password: false,
        from_email: "no-reply@example.com".to_owned(),
        from_name: "Acme".to_owned(),
        test_to: EMAIL.to_owned(),
    };
    let view = |status: MailStatus, state: FormState, test: Option<TestResult>| MailSettings {
        status,
        form: form.clone(),
        fixed: None,
        confirm_identity: true,
        saved: true,
        test,
        warning: None,
        state,
    };
    let working = || MailStatus::Working { to: EMAIL.to_owned(), at: moment() };
    let failing = || MailStatus::Failing { at: moment() };
    let sent = TestResult::Sent { to: EMAIL.to_owned(), reply: REPLY.to_owned() };
    let not_sent = TestResult::NotSent {
        explanation: "[smtp.example.com answered: 535 5.7.8 <no>. Check the password.]".to_owned(),
    };
    let empty = MailSettings {
        form: MailForm { port: "587".to_owned(), ..MailForm::default() },
        confirm_identity: false,
        saved: false,
        ..view(MailStatus::NotConfigured, FormState::Fresh, None)
    };
    let warned = |warning: MailWarning| MailSettings {
        warning: Some(warning),
        ..view(MailStatus::Untested, FormState::Fresh, None)
    };
    let variable = Origin::Environment { variable: "VESTIBULE_MAIL__HOST".to_owned() };
    let file = Origin::File { name: "vestibule.toml".to_owned() };
    let fixed = BTreeMap::from([(field::HOST, variable), (field::SECURITY, file)]);
    let fixed = |protection: Protection| MailSettings {
        form: MailForm { security: protection, ..form.clone() },
        fixed: Some(fixed.clone()),
        saved: false,
        ..view(working(), FormState::Fresh, None)
    };
    let mut samples = vec![
        Sample::new("settings-empty", Some(true), empty),
        Sample::new("settings-kept", Some(true), view(MailStatus::Kept, FormState::Fresh, None)),
        Sample::new(
            "settings-lost",
            Some(true),
            view(MailStatus::PasswordLost, FormState::Fresh, None),
        ),
        Sample::new("settings-starttls-on-465", Some(true), warned(MailWarning::StartTlsOnTlsPort)),
        Sample::new("settings-tls-on-587", Some(true), warned(MailWarning::TlsOnStartTlsPort)),
        Sample::new("settings-unprotected", Some(true), warned(MailWarning::NoProtection)),
        Sample::new("settings-sent", Some(true), view(working(), FormState::Fresh, Some(sent))),
        Sample::new("settings-not-sent", Some(true), {
            view(failing(), FormState::Fresh, Some(not_sent))
        }),
        Sample::new("settings-fixed", Some(true), fixed(Protection::StartTls)),
        Sample::new("settings-fixed-tls", Some(true), fixed(Protection::Tls)),
        Sample::new("settings-fixed-none", Some(true), fixed(Protection::None)),
    ];
    for (name, state) in states(wrong_settings()) {
        let view = view(MailStatus::Untested, state, None);
        samples.push(Sample::new(&format!("settings-{name}"), Some(true), view));
    }
    samples
}

/// Everything that can be wrong with the settings.
fn wrong_settings() -> Vec<FieldError> {
    let broken = |field, error: RelayError| FieldError::of_rule(field, error.into());
    vec![
        broken(field::HOST, RelayError::HostMissing),
        broken(field::PORT, RelayError::PortRange),
        broken(field::SECURITY, RelayError::UnencryptedCredentials),
        broken(field::SMTP_USERNAME, RelayError::Credentials),
        broken(field::SMTP_PASSWORD, RelayError::PasswordAgain),
        FieldError::new(field::FROM_EMAIL, Mistake::FromFormat),
        broken(field::FROM_NAME, RelayError::SenderName),
        FieldError::new(field::TEST_TO, Mistake::TestToMissing),
        FieldError::new(field::YOUR_PASSWORD, Mistake::OwnPasswordWrong),
    ]
}

fn people() -> Vec<Sample> {
    let person = |id: &str, is_active: bool, is_admin: bool, is_you: bool| PersonRow {
        id: id.to_owned(),
        email: format!("{id}-{EMAIL}"),
        username: id.to_owned(),
        is_active,
        is_admin,
        is_you,
        created: moment(),
    };
    let view = |notice: Option<PeopleNotice>| People {
        query: "anna".to_owned(),
        rows: vec![
            person("you", true, true, true),
            person("bea", true, true, false),
            person("cem", true, false, false),
            person("dov", false, false, false),
        ],
        next: Some("/admin/users?query=anna&cursor=x".to_owned()),
        notice,
    };
    let done = |deed: Deed| PeopleNotice::Done { deed, email: EMAIL.to_owned() };
    let nobody =
        |query: &str| People { query: query.to_owned(), rows: vec![], next: None, notice: None };
    let mut samples = vec![
        Sample::new("users", Some(true), view(None)),
        Sample::new("users-nobody-found", Some(true), nobody("<nobody>")),
        Sample::new("users-nobody", Some(true), nobody("")),
    ];
    for (name, notice) in [
        ("activated", done(Deed::Activated)),
        ("deactivated", done(Deed::Deactivated)),
        ("reset-sent", done(Deed::ResetSent)),
        ("sessions-ended", done(Deed::SessionsEnded)),
        ("promoted", done(Deed::Promoted)),
        ("demoted", done(Deed::Demoted)),
        ("gone", PeopleNotice::Gone),
        ("yourself", PeopleNotice::Yourself),
        ("inactive", PeopleNotice::Inactive),
        ("failed", PeopleNotice::Failed),
    ] {
        samples.push(Sample::new(&format!("users-{name}"), Some(true), view(Some(notice))));
    }
    samples
}

fn mail_log() -> Vec<Sample> {
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
        reason: Some("550 5.1.1 <nobody>".to_owned()),
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
    let view = |notice: Option<MailLogNotice>| MailLog {
        rows: rows.clone(),
        next: Some("/admin/mail?cursor=x".to_owned()),
        notice,
    };
    vec![
        Sample::new("mail", Some(true), view(None)),
        Sample::new("mail-queued", Some(true), view(Some(MailLogNotice::Queued))),
        Sample::new("mail-not-possible", Some(true), view(Some(MailLogNotice::NotPossible))),
        Sample::new("mail-failed", Some(true), view(Some(MailLogNotice::Failed))),
        Sample::new("mail-none", Some(true), MailLog { rows: vec![], next: None, notice: None }),
    ]
}
