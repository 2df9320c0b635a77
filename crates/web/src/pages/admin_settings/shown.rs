//! What the page of the mail settings shows.

use std::collections::BTreeMap;

use poem::Response;
use poem::http::StatusCode;
use vestibule_domain::authority::Authority;
use vestibule_domain::mail_setup::{MailOrigin, MailSettings};
use vestibule_domain::relay::RelaySecurity;

use super::{Refusal, Submitted};
use crate::fault::Fault;
use crate::flash::Flash;
use crate::site::SettingOrigin;
use crate::views::{
    self, FormState, MailForm, MailStatus, MailWarning, Origin, Protection, TestResult, field,
};
use crate::visit::Visit;

/// The fields, and the keys of the configuration that set them.
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

/// Why the page is shown.
pub(super) enum Occasion {
    /// Somebody looks at it, perhaps after something was done.
    Visit(Option<Flash>),
    /// Something is wrong with what was typed.
    Refused { status: StatusCode, state: FormState, typed: Box<Submitted> },
}

impl Occasion {
    /// What was typed cannot be.
    pub(super) fn refused((status, state): Refusal, typed: Submitted) -> Self {
        Self::Refused { status, state, typed: Box::new(typed) }
    }
}

/// Shows what is kept, or what was typed if something is wrong with it.
pub(super) async fn page(
    visit: Visit,
    by: &Authority,
    occasion: Occasion,
) -> Result<Response, Fault> {
    let setup = &visit.site.state.mail_setup;
    let kept = setup.show(by).await?;
    let you = visit.actor()?.user.email.as_str().to_owned();
    let (status, state, form, told) = match occasion {
        Occasion::Visit(told) => (StatusCode::OK, FormState::Fresh, as_kept(&kept, you), told),
        Occasion::Refused { status, state, typed } => {
            (status, state, as_typed(*typed, &kept), None)
        }
    };
    let (saved, test) = match told {
        Some(Flash::MailSettings { saved, test }) => (saved, test),
        _ => (false, None),
    };
    let port = form.port.trim().parse().unwrap_or_default();
    let warning = MailWarning::of(form.host.trim(), port, form.security);
    let view = views::MailSettings {
        status: standing(&kept),
        fixed: kept.is_set_by_configuration().then(|| origins(&visit)),
        confirm_identity: !kept.is_set_by_configuration() && setup.needs_proof(by),
        saved,
        test: test.map(|test| {
            if test.sent {
                TestResult::Sent { to: test.to, reply: test.words }
            } else {
                TestResult::NotSent { explanation: test.words }
            }
        }),
        warning: warning.filter(|_| !form.host.is_empty()),
        form,
        state,
    };
    visit.admin_page(status, &view).await
}

fn standing(kept: &MailSettings) -> MailStatus {
    if kept.origin == MailOrigin::Kept {
        return MailStatus::Kept;
    }
    if kept.is_password_lost {
        return MailStatus::PasswordLost;
    }
    match (&kept.relay, &kept.tested) {
        (None, _) => MailStatus::NotConfigured,
        (Some(_), None) => MailStatus::Untested,
        (Some(_), Some(test)) if test.succeeded => {
            MailStatus::Working { to: test.to.as_str().to_owned(), at: test.at.into() }
        }
        (Some(_), Some(test)) => MailStatus::Failing { at: test.at.into() },
    }
}

fn as_kept(kept: &MailSettings, you: String) -> MailForm {
    let Some(relay) = &kept.relay else {
        return MailForm { port: USUAL_PORT.to_owned(), test_to: you, ..MailForm::default() };
    };
    let from_name = relay.from_name.as_ref().map(|name| name.as_str().to_owned());
    MailForm {
        host: relay.host.as_str().to_owned(),
        port: relay.port.to_string(),
        security: protection(relay.security),
        smtp_username: kept.username.clone().unwrap_or_default(),
        password_is_set: kept.has_password && !kept.is_password_lost,
        remove_password: false,
        from_email: relay.from_address.as_str().to_owned(),
        from_name: from_name.unwrap_or_default(),
        test_to: you,
    }
}

fn as_typed(typed: Submitted, kept: &MailSettings) -> MailForm {
    let security = RelaySecurity::from_name(&typed.security).map(protection);
    MailForm {
        host: typed.host,
        port: typed.port,
        security: security.unwrap_or_default(),
        smtp_username: typed.smtp_username,
        password_is_set: kept.has_password && !kept.is_password_lost,
        remove_password: typed.remove_password.is_some(),
        from_email: typed.from_email,
        from_name: typed.from_name,
        test_to: typed.test_to,
    }
}

fn protection(security: RelaySecurity) -> Protection {
    match security {
        RelaySecurity::StartTls => Protection::StartTls,
        RelaySecurity::Tls => Protection::Tls,
        RelaySecurity::None => Protection::None,
    }
}

/// Where the configuration sets each field that it sets.
fn origins(visit: &Visit) -> BTreeMap<&'static str, Origin> {
    let set = &visit.site.options.mail_origins;
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
