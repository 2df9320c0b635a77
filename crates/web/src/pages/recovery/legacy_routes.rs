//! Password reset at the addresses of earlier installations, with their behaviour, so that links
//! and bookmarks keep working.

use poem::http::StatusCode;
use poem::web::{Form, Path, Query};
use poem::{FromRequest, Request, RequestBody, Response, handler};
use vestibule_domain::error::Error;

use super::{NewPasswordForm, PageQuery, Rejection, Submitted, again, reset, reset_view};
use crate::flash::Flash;
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths;
use crate::views::FormState;

/// The token of the path; empty if it is not valid UTF-8.
struct Token(String);

impl<'a> FromRequest<'a> for Token {
    async fn from_request(sent: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let token = Path::from_request(sent, body).await;
        Ok(Self(token.map(|Path(token)| token).unwrap_or_default()))
    }
}

#[handler]
pub(in crate::pages) fn show_request(
    context: PageContext,
    query: Query<PageQuery>,
) -> Result<Response, PageError> {
    if context.signed_in.is_some() {
        return Ok(context.redirect(paths::HOME));
    }
    let Query(PageQuery { sent, .. }) = query;
    super::show_request(context, paths::LEGACY_REQUEST, sent.is_some())
}

#[handler]
pub(in crate::pages) async fn request(
    context: PageContext,
    form: Form<Submitted>,
) -> Result<Response, PageError> {
    if context.signed_in.is_some() {
        return Ok(context.redirect(paths::HOME));
    }
    super::request(context, paths::LEGACY_REQUEST, form.0.email).await
}

#[handler]
pub(in crate::pages) async fn show_reset(
    context: PageContext,
    token: Token,
) -> Result<Response, PageError> {
    if context.signed_in.is_some() {
        return Ok(context.redirect(paths::HOME));
    }
    let Token(token) = token;
    match context.app.state.recovery.owner(&token).await {
        Ok(user) => {
            let (action, email) = (action(&token), user.email.as_str().to_owned());
            let view = reset_view(&context, &action, token, email, FormState::Fresh);
            context.with_path(paths::RESET).page(StatusCode::OK, &view)
        }
        Err(Error::InvalidToken) => Ok(back_to_sign_in(context)),
        Err(error) => Err(error.into()),
    }
}

#[handler]
pub(in crate::pages) async fn reset_password(
    mut context: PageContext,
    token: Token,
    submitted: Form<Submitted>,
) -> Result<Response, PageError> {
    if context.signed_in.is_some() {
        return Ok(context.redirect(paths::HOME));
    }
    let Submitted { password, password_confirm, .. } = submitted.0;
    let form = NewPasswordForm { token: token.0, password, password_confirm };
    match reset(&context, &form).await? {
        Ok(()) => {
            context.set_flash(Flash::ResetDone);
            Ok(context.redirect(paths::LOGIN))
        }
        Err(Rejection::InvalidLink) => Ok(back_to_sign_in(context)),
        Err(Rejection::Form(status, state)) => {
            if !context.app.state.recovery.verify(&form.token).await? {
                return Ok(back_to_sign_in(context));
            }
            let action = action(&form.token);
            again(context, &action, form, status, state).await
        }
    }
}

/// Returns the path of the form: the same as that of the link.
fn action(token: &str) -> String {
    paths::LEGACY_RESET.replace(":token", token)
}

fn back_to_sign_in(mut context: PageContext) -> Response {
    context.set_flash(Flash::LinkInvalid);
    context.redirect(paths::LOGIN)
}
