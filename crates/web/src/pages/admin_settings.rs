//! The SMTP settings page: saves the settings and sends test mails.

use std::num::NonZeroU16;

use poem::http::StatusCode;
use poem::web::Form;
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::error::Error;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::smtp_settings::{
    SenderName, SmtpHost, SmtpPassword, SmtpSecurity, SmtpSettingsError,
};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::smtp_settings::{NewPassword, TestMailResult, UpdateSmtpSettings};

use crate::flash::{Flash, TestOutcome};
use crate::form_parser::FormParser;
use crate::forms::{at_form, wrong, wrongs};
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths;
use crate::views::{FieldError, FieldErrorKind, FormState, field};

mod page;

use page::Content;

#[derive(Deserialize)]
pub(super) struct Submitted {
    #[serde(default)]
    action: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    port: String,
    #[serde(default)]
    security: String,
    #[serde(default)]
    smtp_username: String,
    #[serde(default)]
    smtp_password: String,
    remove_password: Option<String>,
    #[serde(default)]
    from_email: String,
    #[serde(default)]
    from_name: String,
    #[serde(default)]
    test_to: String,
    #[serde(default)]
    your_password: String,
}

#[handler]
pub(super) async fn show(mut context: PageContext) -> Result<Response, PageError> {
    let admin = context.admin()?;
    let flash = context.take_flash();
    page::show(context, &admin, Content::Saved(flash)).await
}

#[handler]
pub(super) async fn save(
    mut context: PageContext,
    form: Form<Submitted>,
) -> Result<Response, PageError> {
    let Form(submitted) = form;
    let mut admin = context.admin()?;
    let smtp = context.app.state.smtp.clone();
    let is_configured = smtp.show(&admin).await?.is_set_by_configuration();
    let mut fields = FormParser::default();
    let wants_test = submitted.action == "test";
    let test_to = wants_test.then(|| test_address(&mut fields, &submitted.test_to)).flatten();
    let saved = if is_configured {
        check_errors(fields)
    } else {
        save_settings(&mut context, &mut admin, fields, &submitted).await?
    };
    if let Err(rejection) = saved {
        return page::show(context, &admin, Content::rejected(rejection, submitted)).await;
    }
    let test = match test_to {
        None => None,
        Some(to) => match smtp.test(&admin, to, context.language, &context.client).await {
            Ok(result) => Some(test_outcome(&context, &result)),
            Err(error) => {
                let rejection = at_fields(error)?;
                return page::show(context, &admin, Content::rejected(rejection, submitted)).await;
            }
        },
    };
    context.set_flash(Flash::SmtpSettings { saved: !is_configured, test });
    Ok(context.redirect(paths::ADMIN_SETTINGS))
}

/// Status and state of a form with errors.
type Rejection = (StatusCode, FormState);

/// Saves the settings, unless the form has errors.
async fn save_settings(
    context: &mut PageContext,
    admin: &mut AdminContext,
    mut fields: FormParser,
    submitted: &Submitted,
) -> Result<Result<(), Rejection>, PageError> {
    let settings = parse(&mut fields, submitted);
    if let Err(error) = reauthenticate(context, admin, &submitted.your_password).await? {
        fields.push(error);
    }
    let (Some(settings), Ok(())) = (settings, check_errors(fields.clone())) else {
        return Ok(Err(wrongs(fields.into_errors())));
    };
    match context.app.state.smtp.save(admin, settings).await {
        Ok(_) => Ok(Ok(())),
        Err(error) => at_fields(error).map(Err),
    }
}

fn check_errors(fields: FormParser) -> Result<(), Rejection> {
    let errors = fields.into_errors();
    if errors.is_empty() { Ok(()) } else { Err(wrongs(errors)) }
}

/// Reauthenticates the administrator with the password of the form, if that is required.
async fn reauthenticate(
    context: &mut PageContext,
    admin: &mut AdminContext,
    password: &str,
) -> Result<Result<(), FieldError>, PageError> {
    if !context.app.state.smtp.needs_proof(admin) {
        return Ok(Ok(()));
    }
    let rejected = |kind| Ok(Err(FieldError::new(field::YOUR_PASSWORD, kind)));
    if password.is_empty() {
        return rejected(FieldErrorKind::OwnPasswordMissing);
    }
    let mut fields = FormParser::default();
    let Some(password) = fields.known_password(field::YOUR_PASSWORD, password) else {
        return rejected(FieldErrorKind::OwnPasswordWrong);
    };
    let current = context.signed_in()?.clone();
    let (current, key) = match context.app.state.sessions.confirm(&current, &password).await {
        Ok(confirmed) => confirmed,
        Err(Error::IncorrectPassword) => return rejected(FieldErrorKind::OwnPasswordWrong),
        Err(error) => return Err(error.into()),
    };
    if let Some(key) = key {
        context.renew_session(&key);
    }
    *admin = AdminContext::of(current.clone())?;
    context.signed_in = Some(current);
    Ok(Ok(()))
}

/// Parses the fields and records their errors.
fn parse(fields: &mut FormParser, submitted: &Submitted) -> Option<UpdateSmtpSettings> {
    let host = fields.check(field::HOST, SmtpHost::parse(&submitted.host));
    let port =
        submitted.port.trim().parse::<NonZeroU16>().map_err(|_| SmtpSettingsError::PortRange);
    let port = fields.check(field::PORT, port);
    let security = fields.check(field::SECURITY, SmtpSecurity::from_name(&submitted.security));
    let from_address = sender(fields, &submitted.from_email);
    let from_name = match submitted.from_name.trim() {
        "" => Some(None),
        name => fields.check(field::FROM_NAME, SenderName::parse(name)).map(Some),
    };
    let username = Some(submitted.smtp_username.trim().to_owned()).filter(|name| !name.is_empty());
    let password = match submitted.smtp_password.as_str() {
        _ if submitted.remove_password.is_some() => NewPassword::Remove,
        "" => NewPassword::Keep,
        password => NewPassword::Set(SmtpPassword::new(password.to_owned())),
    };
    Some(UpdateSmtpSettings {
        host: host?,
        port: port?,
        security: security?,
        username,
        password,
        from_address: from_address?,
        from_name: from_name?,
    })
}

fn sender(fields: &mut FormParser, text: &str) -> Option<EmailAddress> {
    let is_missing = text.trim().is_empty();
    let kind = if is_missing { FieldErrorKind::FromMissing } else { FieldErrorKind::FromFormat };
    let address = EmailAddress::parse(text);
    if address.is_err() {
        fields.reject(field::FROM_EMAIL, kind);
    }
    address.ok()
}

fn test_address(fields: &mut FormParser, text: &str) -> Option<EmailAddress> {
    if text.trim().is_empty() {
        fields.reject(field::TEST_TO, FieldErrorKind::TestToMissing);
        return None;
    }
    fields.check(field::TEST_TO, EmailAddress::parse(text))
}

/// Returns the state of the form for an error; maps the field names of the use case to ids.
fn at_fields(error: Error) -> Result<Rejection, PageError> {
    match error {
        Error::ProofRequired => Ok(wrong(field::YOUR_PASSWORD, FieldErrorKind::OwnPasswordMissing)),
        Error::MailNotSetUp => Ok(wrong(field::HOST, FieldErrorKind::HostMissing)),
        error => at_form(error, |place| match place {
            "username" => field::SMTP_USERNAME,
            "password" => field::SMTP_PASSWORD,
            "from_address" => field::FROM_EMAIL,
            _ => field::SECURITY,
        }),
    }
}

/// Returns the result of a test mail in the language of the page.
fn test_outcome(context: &PageContext, result: &TestMailResult) -> TestOutcome {
    let text = match &result.reply {
        Ok(receipt) => receipt.reply.clone(),
        Err(error) => (context.app.state.explain)(error, context.language),
    };
    let to = result.test.to.as_str().to_owned();
    TestOutcome { sent: result.test.succeeded, to, text }
}
