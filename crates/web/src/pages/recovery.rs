//! Password reset: the request step and the reset step.
//!
//! The steps have the same address; the reset step has a token. A GET never uses a link, so mail
//! scanners do not invalidate it; only the POST of the new password does.

pub(super) mod legacy_routes;

use poem::http::StatusCode;
use poem::web::{Form, Query};
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::error::Error;
use vestibule_domain::model::password::Password;
use vestibule_domain::use_cases::recovery::ResetPassword;

use crate::flash::Flash;
use crate::form_parser::FormParser;
use crate::forms::{at_form, wrongs};
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths;
use crate::views::{self, FormState, field};

#[derive(Deserialize)]
pub(super) struct PageQuery {
    #[serde(default)]
    token: String,
    sent: Option<String>,
}

/// Fields of both steps; the reset step has a token.
#[derive(Deserialize)]
pub(super) struct Submitted {
    #[serde(default)]
    token: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_confirm: String,
}

/// Fields of the reset step.
struct NewPasswordForm {
    token: String,
    password: String,
    password_confirm: String,
}

/// Reason for which the password was not reset.
enum Rejection {
    /// The link is invalid or expired.
    InvalidLink,
    /// The form has an error.
    Form(StatusCode, FormState),
}

#[handler]
pub(super) async fn show(
    context: PageContext,
    query: Query<PageQuery>,
) -> Result<Response, PageError> {
    let PageQuery { token, sent } = query.0;
    if token.is_empty() {
        return show_request(context, paths::RESET, sent.is_some());
    }
    match context.app.state.recovery.owner(&token).await {
        Ok(user) => {
            let email = user.email.as_str().to_owned();
            let view = reset_view(&context, paths::RESET, token, email, FormState::Fresh);
            context.with_path(paths::RESET).page(StatusCode::OK, &view)
        }
        Err(Error::InvalidToken) => invalid_link(context),
        Err(error) => Err(error.into()),
    }
}

#[handler]
pub(super) async fn submit(
    context: PageContext,
    form: Form<Submitted>,
) -> Result<Response, PageError> {
    let Submitted { token, email, password, password_confirm } = form.0;
    if token.is_empty() {
        return request(context, paths::RESET, email).await;
    }
    let form = NewPasswordForm { token, password, password_confirm };
    match reset(&context, &form).await? {
        Ok(()) => Ok(after_reset(context)),
        Err(Rejection::InvalidLink) => invalid_link(context),
        Err(Rejection::Form(status, state)) => {
            again(context, paths::RESET, form, status, state).await
        }
    }
}

#[handler]
pub(super) fn done(context: PageContext) -> Result<Response, PageError> {
    if context.flash != Some(Flash::ResetDone) {
        return Ok(context.redirect(paths::LOGIN));
    }
    let redirect_after_seconds = context.app.options.reset_redirect.map(|pause| pause.as_secs());
    context.page(StatusCode::OK, &views::ResetDone { redirect_after_seconds })
}

/// Shows the request step, with a banner after a request.
fn show_request(context: PageContext, action: &str, sent: bool) -> Result<Response, PageError> {
    let sent_to = match &context.flash {
        Some(Flash::ResetSent { email }) if sent => Some(email.clone()),
        _ => None,
    };
    let view =
        views::RequestReset { sent_to, ..request_view(&context, action, None, FormState::Fresh) };
    context.page(StatusCode::OK, &view)
}

/// Requests a link. The response is the same for every address.
async fn request(
    mut context: PageContext,
    action: &str,
    email: String,
) -> Result<Response, PageError> {
    let mut fields = FormParser::default();
    let (status, state) = match fields.email(&email) {
        Some(address) => {
            match context.app.state.recovery.request(&address, &context.client).await {
                Ok(()) => {
                    context.set_flash(Flash::ResetSent { email: address.as_str().to_owned() });
                    return Ok(context.redirect(&format!("{action}?sent=1")));
                }
                Err(error) => at_form(error, |place| place)?,
            }
        }
        None => wrongs(fields.into_errors()),
    };
    let view = request_view(&context, action, Some(email), state);
    context.page(status, &view)
}

/// Resets the password.
async fn reset(
    context: &PageContext,
    form: &NewPasswordForm,
) -> Result<Result<(), Rejection>, PageError> {
    let recovery = &context.app.state.recovery;
    let min = recovery.password_policy().min_length;
    let mut fields = FormParser::default();
    let password: Option<Password> =
        fields.confirmed_password(&form.password, &form.password_confirm, min);
    let Some(password) = password else {
        let (status, state) = wrongs(fields.into_errors());
        return Ok(Err(Rejection::Form(status, state)));
    };
    let request = ResetPassword { token: form.token.clone(), password };
    let (status, state) = match recovery.reset(request, &context.client).await {
        Ok(()) => return Ok(Ok(())),
        Err(Error::InvalidToken) => return Ok(Err(Rejection::InvalidLink)),
        Err(error) => at_form(error, |_| field::NEW_PASSWORD)?,
    };
    Ok(Err(Rejection::Form(status, state)))
}

/// Shows the reset step again with its errors, if the link is still valid.
async fn again(
    context: PageContext,
    action: &str,
    form: NewPasswordForm,
    status: StatusCode,
    state: FormState,
) -> Result<Response, PageError> {
    let email = match context.app.state.recovery.owner(&form.token).await {
        Ok(user) => user.email.as_str().to_owned(),
        Err(Error::InvalidToken) => return invalid_link(context),
        // The errors of the form matter more than the address.
        Err(_) => String::new(),
    };
    let view = reset_view(&context, action, form.token, email, state);
    context.with_path(paths::RESET).page(status, &view)
}

/// Redirects after a reset, which has ended all sessions, including the one of this browser.
fn after_reset(mut context: PageContext) -> Response {
    context.remove_session();
    context.set_flash(Flash::ResetDone);
    let immediate = context.app.options.reset_redirect.is_some_and(|pause| pause.is_zero());
    context.redirect(if immediate { paths::LOGIN } else { paths::RESET_DONE })
}

fn invalid_link(context: PageContext) -> Result<Response, PageError> {
    let view = views::InvalidResetLink { link_seconds: link_seconds(&context) };
    context.with_path(paths::RESET).page(StatusCode::GONE, &view)
}

fn request_view(
    context: &PageContext,
    action: &str,
    email: Option<String>,
    state: FormState,
) -> views::RequestReset {
    let signed_in_as =
        context.signed_in.as_ref().map(|current| current.user.email.as_str().to_owned());
    let sent_to = match &context.flash {
        Some(Flash::ResetSent { email }) => Some(email.clone()),
        _ => None,
    };
    views::RequestReset {
        action: action.to_owned(),
        email: email.or(sent_to).or_else(|| signed_in_as.clone()).unwrap_or_default(),
        signed_in_as,
        sent_to: None,
        link_seconds: link_seconds(context),
        state,
    }
}

fn reset_view(
    context: &PageContext,
    action: &str,
    token: String,
    email: String,
    state: FormState,
) -> views::ChoosePassword {
    views::ChoosePassword {
        action: action.to_owned(),
        token,
        email,
        password_min: context.app.state.recovery.password_policy().min_length,
        link_seconds: link_seconds(context),
        state,
    }
}

fn link_seconds(context: &PageContext) -> u64 {
    context.app.state.recovery.link_ttl().unsigned_abs().as_secs()
}
