//! View of the SMTP settings page.

use std::collections::BTreeMap;

use poem::Response;
use poem::http::StatusCode;
use vestibule_domain::model::smtp_settings::SmtpSecurity;
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::smtp_settings::{MailSettings, SmtpSettingsSource};

use super::{Rejection, Submitted};
use crate::flash::Flash;
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::state::SettingOrigin;
use crate::views::{
    self, FormState, Origin, SecurityOption, SmtpForm, SmtpStatus, SmtpWarning, TestResult, field,
};

/// The fields and their configuration keys.
const KEYS: [(&str, &str); 7] = [
    (field::HOST, "mail.host"),
    (field::PORT, "mail.port"),
    (field::SECURITY, "mail.security"),
    (field::SMTP_USERNAME, "mail.username"),
    (field::SMTP_PASSWORD, "mail.password"),
    (field::FROM_EMAIL, "mail.from_address"),
    (field::FROM_NAME, "mail.from_name"),
];
/// The usual port of STARTTLS (RFC 6409).
const USUAL_PORT: &str = "587";

/// Content of the form.
pub(super) enum Content {
    /// The saved settings, with the result of the last action.
    Saved(Option<Flash>),
    /// Submitted values with errors.
    Rejected { status: StatusCode, state: FormState, submitted: Box<Submitted> },
}

impl Content {
    /// Returns submitted values with their errors.
    pub(super) fn rejected((status, state): Rejection, submitted: Submitted) -> Self {
        Self::Rejected { status, state, submitted: Box::new(submitted) }
    }
}

/// Renders the page.
pub(super) async fn show(
    context: PageContext,
    admin: &AdminContext,
    values: Content,
) -> Result<Response, PageError> {
    let smtp = &context.app.state.smtp;
    let saved_settings = smtp.show(admin).await?;
    let you = context.signed_in()?.user.email.as_str().to_owned();
    let (status, state, form, flash) = match values {
        Content::Saved(flash) => {
            (StatusCode::OK, FormState::Fresh, saved_form(&saved_settings, you), flash)
        }
        Content::Rejected { status, state, submitted } => {
            (status, state, submitted_form(*submitted, &saved_settings), None)
        }
    };
    let (saved, test) = match flash {
        Some(Flash::SmtpSettings { saved, test }) => (saved, test),
        _ => (false, None),
    };
    let port = form.port.trim().parse().unwrap_or_default();
    let warning = SmtpWarning::of(form.host.trim(), port, form.security);
    let view = views::SmtpSettingsView {
        status: status_of(&saved_settings),
        fixed: saved_settings.is_set_by_configuration().then(|| origins(&context)),
        confirm_identity: !saved_settings.is_set_by_configuration() && smtp.needs_proof(admin),
        saved,
        test: test.map(|test| {
            if test.sent {
                TestResult::Sent { to: test.to, reply: test.text }
            } else {
                TestResult::NotSent { explanation: test.text }
            }
        }),
        warning: warning.filter(|_| !form.host.is_empty()),
        form,
        state,
    };
    context.admin_page(status, &view).await
}

fn status_of(saved: &MailSettings) -> SmtpStatus {
    if saved.origin == SmtpSettingsSource::Kept {
        return SmtpStatus::Kept;
    }
    if saved.is_password_lost {
        return SmtpStatus::PasswordLost;
    }
    match (&saved.smtp, &saved.tested) {
        (None, _) => SmtpStatus::NotConfigured,
        (Some(_), None) => SmtpStatus::Untested,
        (Some(_), Some(test)) if test.succeeded => {
            SmtpStatus::Working { to: test.to.as_str().to_owned(), at: test.at.into() }
        }
        (Some(_), Some(test)) => SmtpStatus::Failing { at: test.at.into() },
    }
}

fn saved_form(saved: &MailSettings, you: String) -> SmtpForm {
    let Some(smtp) = &saved.smtp else {
        return SmtpForm { port: USUAL_PORT.to_owned(), test_to: you, ..SmtpForm::default() };
    };
    let from_name = smtp.from_name.as_ref().map(|name| name.as_str().to_owned());
    SmtpForm {
        host: smtp.host.as_str().to_owned(),
        port: smtp.port.to_string(),
        security: security_option(smtp.security),
        smtp_username: saved.username.clone().unwrap_or_default(),
        password_is_set: saved.has_password && !saved.is_password_lost,
        remove_password: false,
        from_email: smtp.from_address.as_str().to_owned(),
        from_name: from_name.unwrap_or_default(),
        test_to: you,
    }
}

fn submitted_form(submitted: Submitted, saved: &MailSettings) -> SmtpForm {
    let security = SmtpSecurity::from_name(&submitted.security).map(security_option);
    SmtpForm {
        host: submitted.host,
        port: submitted.port,
        security: security.unwrap_or_default(),
        smtp_username: submitted.smtp_username,
        password_is_set: saved.has_password && !saved.is_password_lost,
        remove_password: submitted.remove_password.is_some(),
        from_email: submitted.from_email,
        from_name: submitted.from_name,
        test_to: submitted.test_to,
    }
}

fn security_option(security: SmtpSecurity) -> SecurityOption {
    match security {
        SmtpSecurity::StartTls => SecurityOption::StartTls,
        SmtpSecurity::Tls => SecurityOption::Tls,
        SmtpSecurity::None => SecurityOption::None,
    }
}

/// Returns the source of each configured field.
fn origins(context: &PageContext) -> BTreeMap<&'static str, Origin> {
    let set = &context.app.options.mail_origins;
    let origin = |key: &str| {
        Some(match set.get(key)? {
            SettingOrigin::Environment(variable) => {
                Origin::Environment { variable: variable.clone() }
            }
            SettingOrigin::File(name) => Origin::File { name: name.clone() },
        })
    };
    KEYS.into_iter().filter_map(|(field, key)| Some((field, origin(key)?))).collect()
}
