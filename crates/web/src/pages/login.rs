//! Sign-in and sign-out.

use poem::http::{HeaderName, HeaderValue, StatusCode};
use poem::web::{Form, Query};
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::error::Error;
use vestibule_domain::model::policy::SignUpMode;
use vestibule_domain::use_cases::sessions::SignIn;

use crate::flash::Flash;
use crate::form_parser::FormParser;
use crate::forms::{at_form, wrong, wrongs};
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths;
use crate::views::{self, FieldErrorKind, FormState, LoginNotice, field};

#[derive(Deserialize)]
pub(super) struct PageQuery {
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    email: String,
    password: String,
    next: Option<String>,
}

#[handler]
pub(super) fn show(
    mut context: PageContext,
    query: Query<PageQuery>,
) -> Result<Response, PageError> {
    let Query(PageQuery { next }) = query;
    let next = local_page(next.as_deref());
    if context.signed_in.is_some() {
        return Ok(context.redirect(next.as_deref().unwrap_or(paths::ACCOUNT)));
    }
    let notice = match context.take_flash() {
        Some(Flash::ResetDone) => Some(LoginNotice::ResetDone),
        Some(Flash::LinkInvalid) => Some(LoginNotice::LinkInvalid),
        Some(Flash::SignedOut) => Some(LoginNotice::SignedOut),
        _ if context.session_expired => Some(LoginNotice::SessionExpired),
        _ => None,
    };
    let view = views::Login { notice, ..view(&context, String::new(), next) };
    context.page(StatusCode::OK, &view)
}

#[handler]
pub(super) async fn sign_in(
    mut context: PageContext,
    form: Form<Submitted>,
) -> Result<Response, PageError> {
    let Submitted { email, password, next } = form.0;
    let next = local_page(next.as_deref());
    let mut fields = FormParser::default();
    let parsed = (fields.email(&email), fields.known_password(field::PASSWORD, &password));
    let (status, state) = if let (Some(email), Some(password)) = parsed {
        let request = SignIn { email, password, language: Some(context.language) };
        match context.app.state.sessions.sign_in_browser(request, &context.client).await {
            Ok(signed_in) => {
                context.sign_in(signed_in).await?;
                return Ok(context.redirect(next.as_deref().unwrap_or(paths::ACCOUNT)));
            }
            // The error belongs to the password field, since the form keeps the email address.
            Err(Error::InvalidCredentials) => {
                wrong(field::PASSWORD, FieldErrorKind::InvalidCredentials)
            }
            Err(Error::AccountInactive) => wrong(field::EMAIL, FieldErrorKind::AccountInactive),
            Err(error) => at_form(error, |place| place)?,
        }
    } else {
        wrongs(fields.into_errors())
    };
    let view = views::Login { state, ..view(&context, email, next) };
    context.page(status, &view)
}

/// Redirects to the account page, which has the sign-out button: a GET ends no session.
#[handler]
pub(super) fn before_sign_out(context: PageContext) -> Response {
    let destination = if context.signed_in.is_some() { paths::ACCOUNT } else { paths::LOGIN };
    context.redirect(destination)
}

#[handler]
pub(super) async fn sign_out(mut context: PageContext) -> Result<Response, PageError> {
    if let Some(current) = &context.signed_in {
        context.app.state.sessions.sign_out(current).await?;
    }
    context.remove_session();
    context.set_flash(Flash::SignedOut);
    let mut response = context.redirect(paths::LOGIN);
    // Removes private pages from the cache of a shared computer.
    response.headers_mut().insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"cache\", \"storage\""),
    );
    Ok(response)
}

fn view(context: &PageContext, email: String, next: Option<String>) -> views::Login {
    views::Login {
        email,
        next,
        signup_is_open: context.app.state.accounts.sign_up_mode() == SignUpMode::Open,
        notice: None,
        state: FormState::Fresh,
    }
}

fn local_page(next: Option<&str>) -> Option<String> {
    next.and_then(paths::local_page).map(str::to_owned)
}
