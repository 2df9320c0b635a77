//! The relay that takes outgoing mail: describe it, try it, see what it says.

use std::num::NonZeroU16;

use poem::http::StatusCode;
use poem::web::Form;
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::authority::Authority;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::error::Error;
use vestibule_domain::mail_setup::{DescribeRelay, NewPassword, Tested};
use vestibule_domain::relay::{RelayError, RelayHost, RelayPassword, RelaySecurity, SenderName};

use super::fields::Fields;
use crate::fault::Fault;
use crate::flash::{Flash, TestOutcome};
use crate::forms::{at_form, wrong, wrongs};
use crate::paths;
use crate::views::{FieldError, FormState, Mistake, field};
use crate::visit::Visit;

mod shown;

use shown::Occasion;

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
pub(super) async fn show(mut visit: Visit) -> Result<Response, Fault> {
    let by = visit.authority()?;
    let told = visit.forget_flash();
    shown::page(visit, &by, Occasion::Visit(told)).await
}

#[handler]
pub(super) async fn save(mut visit: Visit, form: Form<Submitted>) -> Result<Response, Fault> {
    let Form(typed) = form;
    let mut by = visit.authority()?;
    let setup = visit.site.state.mail_setup.clone();
    let is_configured = setup.show(&by).await?.is_set_by_configuration();
    let mut fields = Fields::default();
    let wants_test = typed.action == "test";
    let test_to = wants_test.then(|| test_address(&mut fields, &typed.test_to)).flatten();
    let outcome = if is_configured {
        none_wrong(fields)
    } else {
        keep(&mut visit, &mut by, fields, &typed).await?
    };
    if let Err(refusal) = outcome {
        return shown::page(visit, &by, Occasion::refused(refusal, typed)).await;
    }
    let test = match test_to {
        None => None,
        Some(to) => match setup.test(&by, to, visit.language, &visit.caller).await {
            Ok(tested) => Some(in_words(&visit, &tested)),
            Err(error) => {
                let refusal = at_fields(error)?;
                return shown::page(visit, &by, Occasion::refused(refusal, typed)).await;
            }
        },
    };
    visit.tell(Flash::MailSettings { saved: !is_configured, test });
    Ok(visit.redirect(paths::ADMIN_SETTINGS))
}

/// A status, and what the form is told.
type Refusal = (StatusCode, FormState);

/// Keeps the description, unless something is wrong with it.
async fn keep(
    visit: &mut Visit,
    by: &mut Authority,
    mut fields: Fields,
    typed: &Submitted,
) -> Result<Result<(), Refusal>, Fault> {
    let wanted = describe(&mut fields, typed);
    if let Err(error) = prove(visit, by, &typed.your_password).await? {
        fields.note(error);
    }
    let (Some(wanted), Ok(())) = (wanted, none_wrong(fields.clone())) else {
        return Ok(Err(wrongs(fields.into_errors())));
    };
    match visit.site.state.mail_setup.save(by, wanted).await {
        Ok(_) => Ok(Ok(())),
        Err(error) => at_fields(error).map(Err),
    }
}

fn none_wrong(fields: Fields) -> Result<(), Refusal> {
    let errors = fields.into_errors();
    if errors.is_empty() { Ok(()) } else { Err(wrongs(errors)) }
}

/// Makes sure that the administrator has just proved who they are; the password that was typed does.
async fn prove(
    visit: &mut Visit,
    by: &mut Authority,
    password: &str,
) -> Result<Result<(), FieldError>, Fault> {
    if !visit.site.state.mail_setup.needs_proof(by) {
        return Ok(Ok(()));
    }
    let refused = |mistake| Ok(Err(FieldError::new(field::YOUR_PASSWORD, mistake)));
    if password.is_empty() {
        return refused(Mistake::OwnPasswordMissing);
    }
    let mut fields = Fields::default();
    let Some(password) = fields.known_password(field::YOUR_PASSWORD, password) else {
        return refused(Mistake::OwnPasswordWrong);
    };
    let actor = visit.actor()?.clone();
    let (actor, key) = match visit.site.state.sessions.confirm(&actor, &password).await {
        Ok(confirmed) => confirmed,
        Err(Error::IncorrectPassword) => return refused(Mistake::OwnPasswordWrong),
        Err(error) => return Err(error.into()),
    };
    if let Some(key) = key {
        visit.renew(&key);
    }
    *by = Authority::of(actor.clone())?;
    visit.actor = Some(actor);
    Ok(Ok(()))
}

/// Reads the fields; everything that is wrong with them is noted.
fn describe(fields: &mut Fields, typed: &Submitted) -> Option<DescribeRelay> {
    let host = fields.check(field::HOST, RelayHost::parse(&typed.host));
    let port = typed.port.trim().parse::<NonZeroU16>().map_err(|_| RelayError::PortRange);
    let port = fields.check(field::PORT, port);
    let security = fields.check(field::SECURITY, RelaySecurity::from_name(&typed.security));
    let from_address = sender(fields, &typed.from_email);
    let from_name = match typed.from_name.trim() {
        "" => Some(None),
        name => fields.check(field::FROM_NAME, SenderName::parse(name)).map(Some),
    };
    let username = Some(typed.smtp_username.trim().to_owned()).filter(|name| !name.is_empty());
    let password = match typed.smtp_password.as_str() {
        _ if typed.remove_password.is_some() => NewPassword::Remove,
        "" => NewPassword::Keep,
        password => NewPassword::Set(RelayPassword::new(password.to_owned())),
    };
    Some(DescribeRelay {
        host: host?,
        port: port?,
        security: security?,
        username,
        password,
        from_address: from_address?,
        from_name: from_name?,
    })
}

fn sender(fields: &mut Fields, text: &str) -> Option<EmailAddress> {
    let is_missing = text.trim().is_empty();
    let mistake = if is_missing { Mistake::FromMissing } else { Mistake::FromFormat };
    let address = EmailAddress::parse(text);
    if address.is_err() {
        fields.refuse(field::FROM_EMAIL, mistake);
    }
    address.ok()
}

fn test_address(fields: &mut Fields, text: &str) -> Option<EmailAddress> {
    if text.trim().is_empty() {
        fields.refuse(field::TEST_TO, Mistake::TestToMissing);
        return None;
    }
    fields.check(field::TEST_TO, EmailAddress::parse(text))
}

/// What the form is told; the use case names fields by its own words.
fn at_fields(error: Error) -> Result<Refusal, Fault> {
    match error {
        Error::ProofRequired => Ok(wrong(field::YOUR_PASSWORD, Mistake::OwnPasswordMissing)),
        Error::MailNotSetUp => Ok(wrong(field::HOST, Mistake::HostMissing)),
        error => at_form(error, |place| match place {
            "username" => field::SMTP_USERNAME,
            "password" => field::SMTP_PASSWORD,
            "from_address" => field::FROM_EMAIL,
            _ => field::SECURITY,
        }),
    }
}

/// What came of a test, in the language of the page.
fn in_words(visit: &Visit, tested: &Tested) -> TestOutcome {
    let words = match &tested.reply {
        Ok(receipt) => receipt.reply.clone(),
        Err(error) => (visit.site.state.explain)(error, visit.language),
    };
    let to = tested.test.to.as_str().to_owned();
    TestOutcome { sent: tested.test.succeeded, to, words }
}
