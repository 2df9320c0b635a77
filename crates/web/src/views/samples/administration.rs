//! The pages of the administration in every state, for tests.

use std::collections::BTreeMap;

use super::super::{
    Deed, FormState, MailForm, MailKind, MailLog, MailLogNotice, MailRow, MailSettings, MailState,
    MailStatus, MailWarning, Origin, People, PeopleNotice, PersonRow, Protection, TestResult,
    field,
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
        warnings: vec![],
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
    let warned = MailSettings {
        warnings: vec![
            MailWarning::StartTlsOnTlsPort,
            MailWarning::TlsOnStartTlsPort,
            MailWarning::NoProtection,
        ],
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
        Sample::new("settings-warned", Some(true), warned),
        Sample::new("settings-sent", Some(true), view(working(), FormState::Fresh, Some(sent))),
        Sample::new("settings-not-sent", Some(true), {
            view(failing(), FormState::Fresh, Some(not_sent))
        }),
        Sample::new("settings-fixed", Some(true), fixed(Protection::StartTls)),
        Sample::new("settings-fixed-tls", Some(true), fixed(Protection::Tls)),
        Sample::new("settings-fixed-none", Some(true), fixed(Protection::None)),
    ];
    let wrong = [
        (field::HOST, "host_required"),
        (field::PORT, "port_range"),
        (field::SECURITY, "relay_unencrypted"),
        (field::SMTP_USERNAME, "relay_credentials"),
        (field::SMTP_PASSWORD, "relay_password_required"),
        (field::FROM_EMAIL, "from_format"),
        (field::FROM_NAME, "from_name_format"),
        (field::TEST_TO, "test_to_required"),
        (field::YOUR_PASSWORD, "own_password_wrong"),
    ];
    for (name, state) in states(&wrong) {
        let view = view(MailStatus::Untested, state, None);
        samples.push(Sample::new(&format!("settings-{name}"), Some(true), view));
    }
    samples
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
    let at = Some(moment());
    let mail = |id: &str, kind: MailKind, state: MailState| MailRow {
        id: id.to_owned(),
        kind,
        recipient: Some(EMAIL.to_owned()),
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
    let gone = MailRow {
        recipient: None,
        attempts: 0,
        ..mail("d", MailKind::ResetLink, MailState::Withdrawn { at })
    };
    let rows = vec![
        mail("a", MailKind::ResetLink, MailState::Waiting { next_attempt: at }),
        mail("b", MailKind::Welcome, MailState::Sent { at }),
        failed,
        gone,
        mail("e", MailKind::Welcome, MailState::Waiting { next_attempt: None }),
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
